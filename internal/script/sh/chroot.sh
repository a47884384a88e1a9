# see_host ends the script where nothing of the host can be seen.
see_host() {
	[ -e /proc/self ] || die "/proc is not there: sshd puts this user into a chroot (ChrootDirectory in sshd_config), where nothing of the host can be seen; take the user out of it"
}
