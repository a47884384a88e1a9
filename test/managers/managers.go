package managers

import (
	"context"
	"fmt"
	"strings"

	"github.com/apxr/slipway/test/lab"
)

// user is whose managers they are. Nobody else on the host sees them.
const user = "deploy"

// Used lists the managers' programs that have run, as "TOOL VERSION", in their order: each leaves a line in a file.
// What the host itself has leaves none.
func Used(ctx context.Context, host *lab.Host) ([]string, error) {
	out, err := host.RunAs(ctx, user, nil, "sh", "-c", `cat ~/.managers-used 2>/dev/null || test ! -e ~/.managers-used`)
	if err != nil {
		return nil, fmt.Errorf("read what the managers' programs left: %w", err)
	}
	return strings.FieldsFunc(out, func(r rune) bool { return r == '\n' }), nil
}

// removeScript leaves directories that others have put something into.
const removeScript = `set -eu
cd
rm -rf .asdf .asdfrc .tool-versions .managers-used .local/bin/asdf .local/bin/mise
rm -rf .config/mise .cache/mise .local/share/mise .local/state/mise
for dir in .local/bin .local/share .local/state .local .config .cache; do
	rmdir "$dir" 2>/dev/null || true
done`

// RemoveManagers takes all managers off a host, with what they installed and what their programs left.
func RemoveManagers(ctx context.Context, host *lab.Host) error {
	if _, err := host.RunAs(ctx, user, nil, "sh", "-c", removeScript); err != nil {
		return fmt.Errorf("remove the version managers: %w", err)
	}
	return nil
}

// write writes a file below the user's home directory.
func write(ctx context.Context, host *lab.Host, name, mode, text string) error {
	const script = `cd && mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"`
	_, err := host.RunAs(ctx, user, strings.NewReader(text), "sh", "-c", script, "sh", name, mode)
	return err
}
