package lab

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const (
	// savedFormat is raised when what was saved before cannot be used any more.
	savedFormat = "1"
	savedPrefix = "saved-"
	// mostSaved is how many saved labs the cache keeps: those that were used last. Each may take half a gigabyte.
	mostSaved = 3
)

// A savedLab is what the hosts of a lab had written at one moment, and the lab's keys. Other labs boot from it: their
// hosts have what was written below a layer of their own.
type savedLab struct {
	dir  string
	lock *os.File // shared: a saved lab that is in use is not removed
}

// savedPath names the hosts, their images and what the caller says of their state.
func savedPath(m machine, state string, hosts []*Host) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q\n", savedFormat, state)
	for _, h := range hosts {
		fmt.Fprintf(sum, "%s %s\n", h.Name, h.image.path(m))
	}
	return filepath.Join(cacheDir, savedPrefix+hex.EncodeToString(sum.Sum(nil))[:16])
}

// openSaved opens what was saved at a path. It returns nil if nothing was, or if it is being removed.
func openSaved(dir string) (*savedLab, error) {
	lock, err := os.Open(filepath.Join(dir, "lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, lock.Close()
	}
	// Whoever removed it meanwhile has taken it out of its place first.
	mine, mineErr := lock.Stat()
	there, thereErr := os.Stat(lock.Name())
	if errors.Is(thereErr, fs.ErrNotExist) {
		return nil, lock.Close()
	}
	if err = errors.Join(err, mineErr, thereErr); err != nil || !os.SameFile(mine, there) {
		return nil, errors.Join(err, lock.Close())
	}
	now := time.Now()
	return &savedLab{dir, lock}, os.Chtimes(dir, now, now)
}

func (s *savedLab) keys() (k labKeys, err error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "keys.json"))
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal(text, &k)
}

// layer is what a host had written.
func (s *savedLab) layer(h *Host) string { return filepath.Join(s.dir, "hosts", h.Name) }

func (s *savedLab) close() error {
	if s == nil {
		return nil
	}
	return s.lock.Close()
}

// FromSaved says whether the hosts booted with what was saved under [Options.Saved].
func (l *Lab) FromSaved() bool { return l.saved != nil }

// KeptDir is a directory of this machine, the owner's, that is saved with the lab and is there again in a lab that
// boots from that.
func (l *Lab) KeptDir() string { return filepath.Join(l.Dir(), "kept") }

// Save keeps what the hosts have written so far, the lab's keys and its [Lab.KeptDir] for labs with the same
// [Options.Saved]. What another process has saved under that name stays.
func (l *Lab) Save(ctx context.Context) error {
	if l.place == "" || l.saved != nil {
		return fmt.Errorf("save lab %d: it has no name to be saved under, or has booted from what was saved", l.number)
	}
	return withCacheLock(ctx, func() error {
		if _, err := os.Stat(l.place); err == nil {
			return nil
		}
		part := filepath.Join(cacheDir, "saving")
		err := os.RemoveAll(part) // whoever was killed while saving left it
		if err == nil {
			err = l.copyTo(ctx, part)
		}
		if err == nil {
			err = os.Rename(part, l.place)
		}
		if err != nil {
			return fmt.Errorf("save lab %d: %w", l.number, errors.Join(err, os.RemoveAll(part)))
		}
		return removeOldSaved(cacheDir)
	})
}

func (l *Lab) copyTo(ctx context.Context, dir string) (err error) {
	keys, err := json.Marshal(l.keys)
	if err != nil {
		return err
	}
	err = errors.Join(
		os.MkdirAll(filepath.Join(dir, "hosts"), 0o700), // the keys are nobody else's
		os.WriteFile(filepath.Join(dir, "keys.json"), keys, 0o600),
		os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
	if err != nil {
		return err
	}
	if err := copyTree(ctx, l.KeptDir(), filepath.Join(dir, "kept")); err != nil {
		return err
	}
	return forEach(ctx, l.hosts, func(ctx context.Context, h *Host) (err error) {
		// As at a power cut: nothing is written while it is copied.
		if err := h.freeze(ctx, true); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, h.freeze(context.WithoutCancel(ctx), false)) }()
		return copyTree(ctx, h.upper(), filepath.Join(dir, "hosts", h.Name))
	})
}

// copyTree copies a directory with all that an overlay keeps in it: owners, special files, attributes.
func copyTree(ctx context.Context, from, to string) error {
	_, err := run(ctx, "cp", "--archive", "--reflink=auto", "--no-target-directory", from, to)
	return err
}

// removeOldSaved removes the saved labs that were used the longest ago, unless a lab has booted from them. The caller
// holds the cache's lock.
func removeOldSaved(cache string) error {
	dirs, err := filepath.Glob(filepath.Join(cache, savedPrefix+"*"))
	if err != nil {
		return err
	}
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(used(b), used(a)) })
	var errs []error
	for _, dir := range dirs[min(len(dirs), mostSaved):] {
		errs = append(errs, removeSaved(dir))
	}
	return errors.Join(errs...)
}

func used(dir string) int64 {
	info, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

func removeSaved(dir string) error {
	lock, err := tryLock(filepath.Join(dir, "lock"))
	if errors.Is(err, errHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	gone := filepath.Join(filepath.Dir(dir), "removing-"+filepath.Base(dir))
	return errors.Join(os.Rename(dir, gone), os.RemoveAll(gone), lock.Close())
}
