package power

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/apxr/slipway/internal/local"
	"github.com/apxr/slipway/internal/release"
)

// host is a machine whose power can be cut.
type host struct {
	*local.Machine
	release.Layout
	disks  []*disk
	points *points
	// ignored says which syncs do nothing here, and the cut comes so many points
	// after one of them: the checks must notice.
	ignored func(step, command string) bool
	soon    int

	mu    sync.Mutex
	step  string // that is under way
	count int    // points passed since the last arm
	plan  plan
	syncs map[string]string // commands that came, each with its step
	armed int               // how many cuts there were, so that no late timer makes the next
	hit   hit
	err   error // of a cut
}

// plan is one cut: at a point, counted from the beginning of a cycle, or after
// a time. The zero value is none.
type plan struct {
	how   how
	point int
	after time.Duration
}

// hit is where a cut took place; no step: nowhere yet.
type hit struct{ step, where string }

// newHost has one file system, or the releases on one of their own.
func newHost(separate bool) (*host, error) {
	dir, err := os.MkdirTemp(place, "host-")
	if err != nil {
		return nil, err
	}
	h := &host{Layout: release.Layout{Base: filepath.Join(dir, "app")}, syncs: map[string]string{}}
	for _, at := range []string{h.Base, filepath.Join(h.Base, "releases")} {
		if at != h.Base && !separate {
			break
		}
		d, err := newDisk(at)
		if err != nil {
			return nil, errors.Join(err, h.remove())
		}
		h.disks = append(h.disks, d)
	}
	// What the setup phase makes has long been on the disk.
	if err := errors.Join(os.MkdirAll(filepath.Join(h.Base, "releases"), 0o755), os.MkdirAll(h.State(), 0o700), run("sync", "-f", h.Base)); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	if h.points, err = newPoints(h.pass); err != nil {
		return nil, errors.Join(err, h.remove())
	}
	h.Machine = local.New(func(name string) string {
		return map[string]string{"PATH": h.points.bin + ":" + os.Getenv("PATH"), "HOME": dir, "USER": "root"}[name]
	})
	return h, nil
}

func (h *host) remove() error {
	var err error
	if h.points != nil {
		err = h.points.close()
	}
	for i := range h.disks {
		err = errors.Join(err, h.disks[len(h.disks)-1-i].remove())
	}
	return errors.Join(err, os.RemoveAll(filepath.Dir(h.Base)))
}

// arm makes the next cut; it is due from now on.
func (h *host) arm(p plan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.plan, h.count, h.hit = p, 0, hit{}
	h.armed++
	if armed := h.armed; p.after > 0 {
		time.AfterFunc(p.after, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if armed == h.armed {
				h.cut("any time")
			}
		})
	}
}

func (h *host) begin(step string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.step = step
}

// isCut says whether the power is off.
func (h *host) isCut() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hit.step != ""
}

func (h *host) pass(point string) (leaveOut bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	if h.plan.point > 0 && h.count == h.plan.point {
		h.cut(inShort(point))
	}
	command, before := strings.CutPrefix(point, "before ")
	if before && strings.HasPrefix(command, "sync ") {
		h.syncs[h.relative(command)] = h.step
	}
	leaveOut = before && h.ignored != nil && h.ignored(h.step, command)
	if leaveOut && h.plan.point == 0 {
		h.plan.point = h.count + h.soon
	}
	return leaveOut
}

// cut takes the power from all disks. Which one goes first is chance.
func (h *host) cut(where string) {
	if h.hit.step != "" {
		return
	}
	h.hit = hit{h.step, where}
	for _, i := range rand.Perm(len(h.disks)) {
		h.err = errors.Join(h.err, h.disks[i].cut(h.plan.how.of(i)))
	}
}

// blackout ends a cycle: a cut that has not come yet comes now, and then the
// power comes back.
func (h *host) blackout() (hit, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hit.step == "" {
		h.step = "after all"
		h.cut("")
	}
	h.armed++
	err := h.err
	for i := range h.disks {
		err = errors.Join(err, h.disks[len(h.disks)-1-i].unmount())
	}
	for _, d := range h.disks {
		err = errors.Join(err, d.remount())
	}
	where := h.hit
	h.plan, h.hit = plan{}, hit{}
	return where, err
}

// relative is a command with BASE for the application's directory.
func (h *host) relative(command string) string { return strings.ReplaceAll(command, h.Base, "BASE") }
