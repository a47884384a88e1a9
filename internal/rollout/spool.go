package rollout

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/apxr/slipway/internal/host"
	"github.com/apxr/slipway/internal/parcel"
	"github.com/apxr/slipway/internal/progress"
	"github.com/apxr/slipway/internal/release"
)

// spool makes the parcels for the hosts of a run: one for all hosts that have the same
// base and the same program to unpack it. The build host is asked for each content and
// for each base's manifest once.
type spool struct {
	ctx     context.Context
	cancel  context.CancelFunc
	source  Artifact
	log     *progress.Log
	whole   func() (release.Delta, error)
	members map[string]*member // by their names

	mu         sync.Mutex
	origins    map[base]*origin
	store      *parcel.Store // nil: nobody has needed a content yet
	parcels    map[kind]*stream
	deliveries map[string]*delivery // by the name of the host
	unreport   func()               // ends the progress reports; nil: they have not started
}

// kind says which hosts can share a parcel.
type kind struct {
	base
	codec parcel.Codec
}

func newSpool(ctx context.Context, a Artifact, log *progress.Log) *spool {
	ctx, cancel := context.WithCancel(ctx)
	return &spool{
		ctx: ctx, cancel: cancel, source: a, log: log, whole: sync.OnceValues(a.Manifest().Whole),
		members: map[string]*member{}, origins: map[base]*origin{}, parcels: map[kind]*stream{}, deliveries: map[string]*delivery{},
	}
}

// Manifest returns the manifest of the release.
func (s *spool) Manifest() release.Manifest { return s.source.Manifest() }

// Open returns the parcel for a host, and starts the delivery to it.
func (s *spool) Open(name string, whole bool) (host.Parcel, error) {
	k, d, err := s.choose(s.members[name], whole)
	if err != nil {
		return host.Parcel{}, err
	}
	in, err := s.packed(k, d)
	if err != nil {
		return host.Parcel{}, err
	}
	s.deliver(name, k, in)
	return host.Parcel{From: d.From, Codec: string(k.codec), Data: in}, nil
}

// choose returns what a host lacks, or the whole release.
func (s *spool) choose(m *member, whole bool) (kind, release.Delta, error) {
	k := kindFor(m, s.Manifest().ReleaseID)
	if !whole && k.base != (base{}) {
		d, err := s.since(m, k.base)
		if err != nil || d.From != "" {
			return k, d, err
		}
	}
	k.base = base{}
	d, err := s.whole()
	return k, d, err
}

// packed returns a parcel from its beginning, while it is being packed.
func (s *spool) packed(k kind, d release.Delta) (*streamReader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parcels[k] == nil {
		packed, err := s.pack(k, d)
		if err != nil {
			return nil, err
		}
		s.parcels[k] = packed
	}
	return &streamReader{stream: s.parcels[k]}, nil
}

// pack packs a parcel as its contents arrive. The caller has the mutex.
func (s *spool) pack(k kind, d release.Delta) (*stream, error) {
	if s.store == nil {
		store, err := s.open(s.Manifest())
		if err != nil {
			return nil, err
		}
		s.store = store
	}
	s.store.Need(d.Files)
	known, err := s.like(k, d)
	if err != nil {
		return nil, err
	}
	at, contents := s.Manifest().BuiltAt, s.store
	return newStream(func(w io.Writer) error { return parcel.Write(w, k.codec, d, known(), at, contents) })
}

// open opens a store for the contents of an artifact.
func (s *spool) open(m release.Manifest) (*parcel.Store, error) {
	return parcel.NewStore(s.ctx, m, func(ctx context.Context, paths []string, w io.Writer) error {
		return s.source.Export(ctx, m.ReleaseID, paths, w)
	})
}

// Close stops the transfers and frees the disk space.
func (s *spool) Close() error {
	s.cancel()
	if s.unreport != nil {
		s.unreport()
	}
	var errs []error
	for _, p := range s.parcels {
		errs = append(errs, p.close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	for _, o := range s.origins {
		if o.store != nil {
			errs = append(errs, o.store.Close())
		}
	}
	return errors.Join(errs...)
}
