package access

import (
	"context"
	"fmt"
	"sync"

	"hefen/internal/clock"
	"hefen/internal/storage"
)

// maxSeen bounds how many sessions are remembered between two writes; beyond it the list of sessions is a little behind.
const maxSeen = 20_000

// seen is which sessions were used since they were last written down. A request never waits for it: the list of sessions
// may be some minutes behind, and what a killed server had not written is lost.
type seen struct {
	mu sync.Mutex
	at map[[32]byte]struct{}
}

func (s *seen) note(hash []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[[32]byte]struct{}{}
	}
	if len(s.at) < maxSeen {
		s.at[[32]byte(hash)] = struct{}{}
	}
}

func (s *seen) take() map[[32]byte]struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.at
	s.at = nil
	return taken
}

// WriteSeen writes down which sessions were used since the last call, one statement for each few hundred. A job calls it every
// few minutes, on each server.
func (s *Service) WriteSeen(ctx context.Context) (written int, err error) {
	var hashes [][]byte
	for hash := range s.seen.take() {
		hashes = append(hashes, hash[:])
	}
	at := clock.Ms(s.now())
	for part := range storage.Chunks(hashes, storage.ChunkRows) {
		all := storage.Padded(part)
		err := s.db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE sessions SET seen_at = ? WHERE seen_at < ? AND token_hash IN "+storage.In(len(all)), storage.Args(all, at, at)...)
			return err
		})
		if err != nil {
			return written, fmt.Errorf("write down sessions in use: %w", err)
		}
		written += len(part)
	}
	return written, nil
}
