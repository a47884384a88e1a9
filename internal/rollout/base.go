package rollout

import (
	"sync"

	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/release"
)

// base is the release that a host has and makes the new one from; zero: none.
type base struct {
	id     release.ID
	digest release.Digest
}

// origin is what is known about a base.
type origin struct {
	mu      sync.Mutex
	asked   bool // the build host was asked for its manifest
	known   bool // the delta is known, or that there is none
	delta   release.Delta
	problem error
	stored  *release.Manifest // of the artifact on the build host; nil: there is none
	store   *parcel.Store     // contents of that artifact; nil: none are needed yet
}

// kindFor returns the kind of parcel that is best for a host.
func kindFor(m *member, target release.ID) kind {
	seen := m.Seen()
	k := kind{codec: parcel.Gzip}
	if seen.Zstd {
		k.codec = parcel.Zstd
	}
	if seen.CurrentDigest != "" && seen.Current.ID != "" && seen.Current.ID != target {
		k.base = base{seen.Current.ID, seen.CurrentDigest}
	}
	return k
}

// since returns what hosts with a base lack. A delta without a base means that the base
// cannot be used.
func (s *spool) since(m *member, b base) (release.Delta, error) {
	s.mu.Lock()
	o := s.origins[b]
	if o == nil {
		o = &origin{}
		s.origins[b] = o
	}
	s.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.known {
		s.learn(o, m, b)
	}
	return o.delta, o.problem
}

// learn asks the build host for the manifest of a base, and if it does not have that, the
// host itself. The caller has the origin's mutex.
func (s *spool) learn(o *origin, m *member, b base) {
	before, err := s.earlier(o, m, b)
	if err != nil {
		s.log.Say(m.Name(), "everything is sent, since the manifest of release %s, which is current, cannot be read: %v", b.id, err)
		return
	}
	o.known = true
	if before.ReleaseID != b.id {
		return
	}
	if d, usable, err := s.Manifest().Since(before); usable || err != nil {
		o.delta, o.problem = d, err
	}
}

func (s *spool) earlier(o *origin, m *member, b base) (release.Manifest, error) {
	if !o.asked {
		o.asked = true
		if before, err := s.source.Earlier(s.ctx, b.id, b.digest); err == nil {
			o.stored = &before
			return before, nil
		}
	}
	return m.CurrentManifest(s.ctx)
}

// like begins to read what is known of a base before a parcel is packed for hosts that have
// it. The function that it returns waits for that. The caller has the spool's mutex.
func (s *spool) like(k kind, d release.Delta) (func() parcel.Dictionary, error) {
	o := s.origins[k.base]
	if o == nil || o.stored == nil || len(d.Like) == 0 || k.codec != parcel.Zstd {
		return func() parcel.Dictionary { return parcel.Dictionary{} }, nil
	}
	if o.store == nil {
		store, err := s.open(*o.stored)
		if err != nil {
			return nil, err
		}
		o.store = store
	}
	o.store.Need(d.Like)
	return func() parcel.Dictionary {
		known, err := parcel.Join(d.Like, o.store)
		if err != nil && s.ctx.Err() == nil {
			s.log.Say("build", "release %s on the build host cannot be used to send less; this deploy does not need it: %v", k.base.id, err)
		}
		return known
	}, nil
}
