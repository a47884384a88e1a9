# Builds a release of a small application on the host, puts it where a deploy does, and makes what the setup phase
# makes for looking inside. Arguments: the launcher's text.
set -eu
base=/opt/apxr/shop id=20240101T000000

main() {
	build_release
	install_release "$1"
	write_environment
	write_wrapper
	write_rules
	start
}

build_release() {
	mkdir -p /tmp/shop/lib && cd /tmp/shop
	cat >mix.exs <<-'MIX'
		defmodule Shop.MixProject do
		  use Mix.Project
		  def project, do: [app: :shop, version: "0.1.0", releases: [shop: [include_executables_for: [:unix]]]]
		  def application, do: [mod: {Shop, []}, extra_applications: []]
		end
	MIX
	cat >lib/shop.ex <<-'EX'
		defmodule Shop do
		  use Application
		  def start(_, _) do
		    IO.puts("shop starts \e[31mred\e[0m")
		    Supervisor.start_link([{Agent, fn -> "stock of #{System.get_env("GREETING")}" end}], strategy: :one_for_one)
		  end
		  def say(text), do: Process.group_leader() |> then(fn _ -> IO.puts(:user, text) end)
		end
	EX
	MIX_ENV=prod mix release --quiet --path "/tmp/release"
}

install_release() {
	mkdir -p $base/releases
	cp -r /tmp/release $base/releases/$id
	ln -sfn releases/$id $base/current
	printf '%s' "$1" >$base/launch
	chown -Rh deploy:shop $base/releases $base/current $base/launch
	chmod -R g+rX,o= $base/releases/$id
	chmod 0750 $base/launch
}

write_environment() {
	getent group shop-env >/dev/null || groupadd --system shop-env
	usermod --append --groups shop-env shop
	install -d -m 0755 /etc/slipway /etc/slipway/shop
	install -m 0640 -o root -g shop-env /dev/null /etc/slipway/shop/environment
	cat >/etc/slipway/shop/environment <<-'ENV'
		RELEASE_TMP="/run/shop"
		LANG="C.UTF-8"
		RELEASE_COOKIE="a-cookie-for-a-test"
		RELEASE_DISTRIBUTION="name"
		RELEASE_NODE="shop@127.0.0.1"
		ERL_AFLAGS="-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
		GREETING="\"hello\" \$HOME \`id\`"
	ENV
	install -d /etc/systemd/system/shop.service.d
	printf '[Service]\nEnvironmentFile=/etc/slipway/shop/environment\n' >/etc/systemd/system/shop.service.d/environment.conf
	printf '[Service]\nExecStart=/usr/bin/epmd -address 127.0.0.1\nDynamicUser=yes\n' >/etc/systemd/system/slipway-epmd.service
}

write_wrapper() {
	install -d -m 0755 /usr/local/lib/slipway
	cat >/usr/local/lib/slipway/shop <<-'SH'
		#!/bin/sh
		set -eu
		[ $# -eq 1 ] || { echo "usage: shop console|eval|rpc" >&2; exit 64; }
		set -a
		. /etc/slipway/shop/environment
		set +a
		case $1 in
		console) exec /opt/apxr/shop/launch bin/shop remote ;;
		eval | rpc) exec /opt/apxr/shop/launch bin/shop "$1" "$(cat)" ;;
		esac
		exit 64
	SH
	chmod 0755 /usr/local/lib/slipway/shop
}

write_rules() {
	cat >/etc/sudoers.d/slipway-shop <<-'RULES'
		deploy ALL=(root) NOPASSWD: /usr/bin/journalctl --no-pager --output=short-unix --lines=100 --unit=shop.service, /usr/bin/journalctl --no-pager --output=short-iso --lines=100 --follow --unit=shop.service
	RULES
	cat >/etc/sudoers.d/slipway-shop-console <<-'RULES'
		deploy ALL=(shop) NOPASSWD: /usr/local/lib/slipway/shop console, /usr/local/lib/slipway/shop eval, /usr/local/lib/slipway/shop rpc
	RULES
	chmod 0440 /etc/sudoers.d/slipway-shop*
	visudo --check --quiet
}

start() {
	systemctl daemon-reload
	systemctl start slipway-epmd.service
	systemctl restart shop.service
	for _ in $(seq 100); do
		! /usr/bin/epmd -names | grep -q '^name shop ' || return 0
		sleep 0.1
	done
	systemctl status --no-pager shop.service >&2
	exit 1
}

main "$@"
