#!/bin/sh
# Takes the account of a person out of use: nobody logs in to it, nothing of it
# runs. Its home directory is kept for root: another account may get its number.
# Argument: NAME.
set -u
name=$1

die() { echo "$*" >&2; exit 1; }

uid=$(id -u "$name") || die "there is no account $name"
[ "$uid" -ge 1000 ] || die "$name is a system account (number $uid): it cannot be revoked"
home=$(getent passwd "$name" | cut -d: -f6)

usermod --expiredate 1 "$name" || die "cannot lock the account $name"

# Cron and lingering services would start processes again.
if command -v crontab >/dev/null; then crontab -r -u "$name" 2>/dev/null; fi
rm -f "/var/lib/systemd/linger/$name"

processes() { for p in /proc/[0-9]*; do [ "$(stat -c %u "$p" 2>/dev/null)" != "$uid" ] || echo "${p#/proc/}"; done; }
for signal in TERM KILL KILL KILL; do
	pids=$(processes)
	[ -n "$pids" ] || break
	# shellcheck disable=SC2086 # one argument for each process
	kill -s "$signal" $pids 2>/dev/null
	sleep 1
done
[ -z "$(processes)" ] || die "processes of $name do not end: $(processes | tr '\n' ' ')"

# Nothing of the account runs any more, so nobody swaps these for links.
case $home in
/home/?*)
	if [ -d "$home" ] && [ ! -h "$home" ]; then
		chown root:root "$home" && chmod 0700 "$home" || die "cannot close $home"
		[ -h "$home/.ssh" ] || rm -f "$home/.ssh/authorized_keys"
	fi
	;;
esac
