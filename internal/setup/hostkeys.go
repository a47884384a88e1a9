package setup

import (
	"bytes"
	"fmt"
)

// nameCheck is a program for sh that ssh runs for each host key. It prints the
// lines of known_hosts that declare certificate authorities. For a host certificate
// that names no host it prints nothing: ssh itself takes one for every name.
const nameCheck = `# Arguments: file of the lines, host, type of its key, the key.
case $3 in
*-cert-*)
	shown=$(printf '%s %s\n' "$3" "$4" | ssh-keygen -L -f -) || exit 0
	case $shown in
	*"Principals: (none)"*)
		echo "the host certificate of $2 names no host, so it is not trusted: have one signed for it (ssh-keygen -h -n NAME)" >&2
		exit 0 ;;
	esac ;;
esac
exec cat "$1"
`

// Files of the host keys.
const (
	knownFile       = "known_hosts"
	authoritiesFile = "authorities"
	nameCheckFile   = "authorities.sh"
)

// authorities separates the lines of known_hosts that declare certificate
// authorities.
func authorities(known []byte) (plain, signing []byte) {
	for line := range bytes.Lines(bytes.ReplaceAll(known, []byte("\r\n"), []byte("\n"))) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("@cert-authority")) {
			signing = append(signing, line...)
		} else {
			plain = append(plain, line...)
		}
	}
	return plain, signing
}

// hostKeyConfig returns the lines of ssh_config that name the host keys. Only with
// certificate authorities does ssh need to be of 2021 or later (OpenSSH 8.5).
func (f place) hostKeyConfig(known []byte) string {
	config := fmt.Sprintf("  UserKnownHostsFile \"%s\"\n", percent(f.path(knownFile)))
	if _, signing := authorities(known); len(signing) > 0 {
		config += fmt.Sprintf("  KnownHostsCommand /bin/sh \"%s\" \"%s\" %%H %%t %%K\n", percent(f.path(nameCheckFile)), percent(f.path(authoritiesFile)))
	}
	return config
}
