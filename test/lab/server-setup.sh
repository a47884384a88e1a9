# Runs once, in a new base image of hosts that are ready for a deploy, before image-setup.sh. Bare hosts lack this.
set -eu

# Nobody logs in with a password. A '*' is a password that never matches; unlike '!' it does not lock the account.
useradd --create-home --uid 2000 --shell /bin/bash --password '*' deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh

cat >/etc/ssh/sshd_config.d/lab.conf <<'CONF'
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
CONF
