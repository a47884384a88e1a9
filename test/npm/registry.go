package npm

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/apxr/slipway/test/lab"
)

// registryAddress is where npm packages come from on this machine, with a slash at the end: as the environment says, or
// npm, or npm's configuration where there is no npm. If nothing says so, npm is installed: it knows its own default,
// and this project writes none down.
func registryAddress(ctx context.Context) (string, error) {
	address := registryFromEnvironment()
	if address == "" && !haveNPM() {
		address = registryFromFiles(npmrcFiles())
	}
	if address == "" {
		var err error
		if address, err = registryFromNPM(ctx); err != nil {
			return "", fmt.Errorf("find npm's registry: %w: or set NPM_CONFIG_REGISTRY to its address", err)
		}
	}
	return strings.TrimSuffix(address, "/") + "/", nil
}

func registryFromEnvironment() string {
	for _, name := range []string{"NPM_CONFIG_REGISTRY", "npm_config_registry"} {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

func haveNPM() bool {
	_, err := exec.LookPath("npm")
	return err == nil
}

// npmrcFiles are npm's configuration files, that which counts first in front.
func npmrcFiles() []string {
	files := []string{"/etc/npmrc", "/usr/etc/npmrc"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append([]string{filepath.Join(home, ".npmrc")}, files...)
	}
	return files
}

func registryFromFiles(files []string) string {
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			continue
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			key, value, _ := strings.Cut(lines.Text(), "=")
			if strings.TrimSpace(key) == "registry" {
				return strings.Trim(strings.TrimSpace(value), `"'`)
			}
		}
	}
	return ""
}

func registryFromNPM(ctx context.Context) (string, error) {
	quiet := func(string, ...any) {}
	if err := lab.InstallMissing(ctx, map[string]string{"npm": "npm"}, quiet); err != nil {
		return "", err
	}
	npm := exec.CommandContext(ctx, "npm", "config", "get", "registry")
	npm.Dir = "/" // a .npmrc in the working directory is none of this
	out, err := npm.Output()
	if err != nil {
		return "", fmt.Errorf("npm config get registry: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
