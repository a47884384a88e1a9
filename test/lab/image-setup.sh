# Runs once, in a new base image, before it is cached: what all hosts have in common.
# What makes a host itself (keys, name, machine ID) is written when it boots: see furnish.go.
set -eu

install -d -m 700 /root/.ssh
rm -f /etc/ssh/ssh_host_*

# The greeting of a login is a dozen processes that nobody reads: tests log in often.
sed -i '/pam_motd/d; /pam_mail/d' /etc/pam.d/sshd

# As the installers do it. Elixir warns of anything but UTF-8.
echo LANG=C.UTF-8 >/etc/default/locale

# One sshd from the start. Ubuntu's socket activation would answer before the host is up.
systemctl disable ssh.socket 2>/dev/null || true
systemctl enable ssh.service

# firstboot waits for a key press; the others cost seconds or need a network.
systemctl mask systemd-firstboot.service systemd-networkd-wait-online.service systemd-resolved.service \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
	man-db.timer motd-news.timer systemd-hwdb-update.service

# No name server: a lookup that is not in /etc/hosts fails at once.
rm -f /etc/resolv.conf
: >/etc/resolv.conf

rm -f /etc/machine-id /var/lib/dbus/machine-id
: >/etc/machine-id

# The machine's apt configuration may hold its proxies and credentials: it served to build the image.
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/apt/sources.list.d/* /etc/apt/sources.list

# systemd rebuilds its caches at boot if /usr is newer than these.
touch /etc/.updated /var/.updated
