package lab

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// An App is an application that web hosts are prepared for.
type App struct {
	Org  string // directory below /opt
	Name string // directory below that, the user and group that it runs as, and its program
	Port int    // where it listens; requests to port 80 are led there
	Unit string // the systemd unit; empty means Name.service
}

//go:embed prepare-app.sh
var prepareApp string

// PrepareApp does on web hosts (without a list: on all of them) what has to be done once as root before anything can
// be deployed: user, directories, unit, sudo rules. It is idempotent.
func (l *Lab) PrepareApp(ctx context.Context, app App, hosts ...*Host) error {
	app.Unit = cmp.Or(app.Unit, app.Name+".service")
	if err := app.check(); err != nil {
		return err
	}
	if len(hosts) == 0 {
		hosts = l.WebHosts()
	}
	return forEach(ctx, hosts, func(ctx context.Context, h *Host) error {
		_, err := h.Run(ctx, strings.NewReader(prepareApp), "sh", "-s", "--", app.Org, app.Name, strconv.Itoa(app.Port), app.Unit)
		if err != nil {
			return fmt.Errorf("prepare %s for %s: %w", h.Name, app.Name, err)
		}
		return nil
	})
}

var (
	appName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	unitName = regexp.MustCompile(`^[a-z][a-z0-9_.-]*\.service$`)
)

// check holds the names to what is safe to write into sudoers and into a unit.
func (a App) check() error {
	switch {
	case !appName.MatchString(a.Org):
		return fmt.Errorf("prepare app: org %q: use small letters, digits and _", a.Org)
	case !appName.MatchString(a.Name):
		return fmt.Errorf("prepare app: name %q: use small letters, digits and _", a.Name)
	case a.Port < 1 || a.Port > 65535:
		return fmt.Errorf("prepare app: port %d: use 1 to 65535", a.Port)
	case !unitName.MatchString(a.Unit):
		return fmt.Errorf("prepare app: unit %q: write it as NAME.service", a.Unit)
	}
	return nil
}
