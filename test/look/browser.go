package main

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	width = 1000

	// frame is more than what Chromium takes off a window for its own borders.
	frame = 200

	// browserTime is far more than Chromium needs for a page.
	browserTime = 2 * time.Minute
)

// chromium opens a page in a window of that height and does one thing with it.
func chromium(ctx context.Context, path string, height int, action string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, browserTime)
	defer cancel()
	return output(exec.CommandContext(ctx, "chromium",
		"--headless=new",
		"--no-sandbox", // as root it runs no other way
		"--disable-gpu",
		"--hide-scrollbars",
		"--force-device-scale-factor=1",
		"--host-resolver-rules=MAP * ~NOTFOUND", // the same picture with and without a network
		"--user-data-dir="+filepath.Join(filepath.Dir(path), "profile"),
		"--virtual-time-budget=60000", // it waits for the charts, but no longer than they take
		fmt.Sprintf("--window-size=%d,%d", width, height),
		action,
		(&url.URL{Scheme: "file", Path: path}).String()))
}
