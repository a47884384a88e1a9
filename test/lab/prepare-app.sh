# Prepares a web host for one application, once, as root: the privileged part that no deploy does.
# Arguments: ORG NAME PORT UNIT. It may run again, and then leaves the host as it is.
set -eu

main() {
	org=$1 name=$2 port=$3 unit=$4
	home=/opt/$org/$name

	make_user
	make_directories
	write_unit
	write_sudo_rules
	redirect_port_80
}

# The application runs as a user of its own, who can read what deploy puts there and write none of it.
make_user() {
	getent passwd "$name" >/dev/null ||
		useradd --system --user-group --no-create-home --home-dir "$home" --shell /usr/sbin/nologin "$name"
	usermod --append --groups "$name" deploy
}

# Set group ID: what deploy unpacks belongs to the application's group.
make_directories() {
	install -d -m 0755 -o root -g root "/opt/$org"
	install -d -m 2750 -o deploy -g "$name" "$home" "$home/releases"
	install -d -o deploy -g deploy "$home/.slipway"
	chmod u=rwx,go=,g-s "$home/.slipway"
}

write_unit() {
	cat >"/etc/systemd/system/$unit" <<-UNIT
		[Unit]
		Description=$org/$name
		After=network.target

		[Service]
		ExecStart=$home/launch bin/$name start
		User=$name
		Group=$name
		WorkingDirectory=$home/current
		# The release directory is not writable for the application: what it writes at boot goes to RELEASE_TMP.
		# No distribution: no epmd starts inside the unit, and no port listens on all addresses.
		Environment=RELEASE_TMP=/run/$name RELEASE_DISTRIBUTION=none LANG=C.UTF-8 PORT=$port
		RuntimeDirectory=$name
		Restart=on-failure
		RestartSec=1
		# A BEAM that boots, or hangs, ignores SIGTERM: without this a restart would then wait for 90 s.
		TimeoutStopSec=10

		AmbientCapabilities=
		CapabilityBoundingSet=
		LockPersonality=yes
		MemoryDenyWriteExecute=yes
		NoNewPrivileges=yes
		PrivateDevices=yes
		PrivateTmp=yes
		PrivateUsers=yes
		ProtectClock=yes
		ProtectControlGroups=yes
		ProtectHome=yes
		ProtectHostname=yes
		ProtectKernelLogs=yes
		ProtectKernelModules=yes
		ProtectKernelTunables=yes
		ProtectProc=invisible
		ProtectSystem=strict
		RemoveIPC=yes
		RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
		RestrictNamespaces=yes
		RestrictRealtime=yes
		RestrictSUIDSGID=yes
		SystemCallArchitectures=native
		SystemCallFilter=@system-service
		SystemCallFilter=~@privileged @resources
		UMask=0077

		[Install]
		WantedBy=multi-user.target
	UNIT
	systemctl daemon-reload
	systemctl enable --quiet "$unit"
}

# Exact commands only: a wildcard in sudoers also matches further arguments.
write_sudo_rules() {
	rules=/etc/sudoers.d/slipway-$name
	cat >"$rules.new" <<-RULES
		deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart $unit, /usr/bin/systemctl stop $unit, /usr/bin/systemctl reset-failed $unit, /usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=$unit
	RULES
	chmod 0440 "$rules.new"
	# Checked before it takes effect (sudo skips names with a dot): a mistake would lock everybody out of sudo.
	visudo --check --quiet --file "$rules.new"
	mv "$rules.new" "$rules"
}

# fib daddr type local: without it the host's own requests to other web servers would land in the application.
redirect_port_80() {
	cat >/etc/nftables.conf <<-NFT
		#!/usr/sbin/nft -f
		flush ruleset
		table inet web {
			chain prerouting {
				type nat hook prerouting priority dstnat; policy accept;
				fib daddr type local tcp dport 80 redirect to :$port
			}
			chain output {
				type nat hook output priority -100; policy accept;
				fib daddr type local tcp dport 80 redirect to :$port
			}
		}
	NFT
	systemctl enable --quiet nftables.service
	systemctl restart nftables.service
}

main "$@"
