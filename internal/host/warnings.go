package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apxr/slipway/internal/release"
)

// Warnings returns problems that a person should know about, but that do not
// stop a deploy.
func (s Seen) Warnings(app release.App) []string {
	var w []string
	if text := s.Deviation(app); text != "" {
		w = append(w, text)
	}
	for _, use := range s.Uses {
		switch use.User {
		case "", "root":
			w = append(w, fmt.Sprintf("%s runs as root: give it a user of its own (User=)", use.Unit))
		case s.User:
			w = append(w, fmt.Sprintf("%s runs as %s, who can change every release: give it a user of its own (User=)", use.Unit, s.User))
		default:
			if use.Groups == nil {
				w = append(w, fmt.Sprintf("%s runs as %s, of whom 'id -Gn %s' says nothing here: whether it can read a release is not known", use.Unit, use.User, use.User))
			}
		}
	}
	for _, command := range slices.Concat(s.AsksPassword, s.NotAllowed, s.Unread) {
		if isLog(command) {
			w = append(w, fmt.Sprintf("a failure could not show the unit log: allow %s 'NOPASSWD: %s' in sudoers", s.User, command))
		}
	}
	return w
}

// Deviation returns what differs from the work of the setup phase, and the
// remedy. It returns "" if nothing differs.
func (s Seen) Deviation(app release.App) string {
	if len(s.Drift) == 0 {
		return ""
	}
	return fmt.Sprintf("not as the setup phase made it: %s; 'slipway setup --app %s' with this host mends it", strings.Join(s.Drift, "; "), app)
}
