package publication

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// PublishRequest publishes what a preview has shown.
type PublishRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device and kept until a definite answer"`
	Range
	Digest     string `json:"digest" minLength:"32" maxLength:"32" doc:"of the preview"`
	PublicDays int    `json:"public_days,omitempty" minimum:"0" maximum:"365" doc:"for how many days the public page is open; 0: 30"`
}

// Publish seals the ledger, stores the notice with the seal's root and puts its cases on it, all or nothing. ErrChanged if
// the list is no longer the one of the preview.
func (s *Service) Publish(ctx context.Context, a access.Actor, in id.ID, r PublishRequest) (Notice, error) {
	if err := a.Allow(MayPublish, access.Place{Village: in}); err != nil {
		return Notice{}, err
	}
	if r.PublicDays == 0 {
		r.PublicDays = DefaultPublic
	}
	if r.PublicDays < 1 || r.PublicDays > MaxPublic {
		return Notice{}, ErrDays
	}
	ref := s.db.NewID()
	if earlier, found, err := s.db.Earlier(ctx, a.User(), r.RequestID, "publication.publish", r); err != nil {
		return Notice{}, err
	} else if found {
		return s.repeated(ctx, a, in, earlier)
	}
	n, err := s.compose(ctx, in, r.Range)
	if err != nil {
		return Notice{}, err
	}
	if digest(n.Lines) != r.Digest {
		return Notice{}, ErrChanged
	}
	at := s.now()
	if _, _, err := ledger.Seal(ctx, s.db, in, at); err != nil { // what has gathered, so that the transaction has little to do
		return Notice{}, err
	}
	var repeated bool
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if ref, repeated, err = tx.Once(a.User(), r.RequestID, "publication.publish", r, ref); err != nil || repeated {
			return err
		}
		list := make([]id.ID, len(n.found))
		for i := range n.found {
			list[i] = n.found[i].ID
		}
		if err := cases.MarkPublished(tx, in, ref, list, n.PublishedOn, n.ObjectUntil, a.User(), at); err != nil {
			return err
		}
		if err := unchanged(tx, n.found); err != nil {
			return err
		}
		return s.store(tx, n, notice{id: ref, publicUntil: n.PublishedOn.Add(r.PublicDays - 1), by: a.User()}, at)
	})
	if err != nil {
		return Notice{}, err
	}
	if repeated {
		return s.repeated(ctx, a, in, ref)
	}
	return s.get(ctx, in, ref)
}

func (s *Service) repeated(ctx context.Context, a access.Actor, in, notice id.ID) (Notice, error) {
	n, err := s.get(ctx, in, notice)
	n.Repeated = true
	return n, err
}

// unchanged looks under the locks of MarkPublished that no case was corrected since it was read.
func unchanged(tx *storage.Tx, found []cases.NoticeLine) error {
	type worth struct {
		points   points.Amount
		revision int
	}
	now := make(map[id.ID]worth, len(found))
	for chunk := range storage.Chunks(found, storage.ChunkRows) {
		list := make([]id.ID, len(chunk))
		for i := range chunk {
			list[i] = chunk[i].ID
		}
		list = storage.Padded(list)
		rows, err := tx.Query("SELECT id, counted, revision FROM cases WHERE id IN "+storage.In(len(list)), storage.Args(list)...)
		if err != nil {
			return fmt.Errorf("read cases again: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var c id.ID
			var w worth
			if err := rows.Scan(&c, &w.points, &w.revision); err != nil {
				return err
			}
			now[c] = w
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
	}
	for i := range found {
		if c := &found[i]; now[c.ID] != (worth{c.Points, c.Revision}) {
			return ErrChanged
		}
	}
	return nil
}

// notice is what a row has beside the snapshot.
type notice struct {
	id, corrects id.ID
	publicUntil  clock.Day
	by           id.ID
}

// store gives the notice its number and its seal and writes it.
func (s *Service) store(tx *storage.Tx, d *draft, n notice, at time.Time) error {
	if err := ledger.Guard(tx, nil, []string{"notice:" + d.Village.String()}); err != nil { // one number after the other
		return err
	}
	head, err := ledger.SealIn(tx, d.Village, at)
	if err != nil {
		return err
	}
	d.Seal = head
	if err := tx.QueryRow("SELECT COALESCE(MAX(number), 0) + 1 FROM notices WHERE village_id = ? AND year = ?", d.Village, d.Year).Scan(&d.Number); err != nil {
		return fmt.Errorf("number of notice: %w", err)
	}
	text, hash, err := d.canonical()
	if err != nil {
		return err
	}
	token, err := newToken()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO notices (id, village_id, year, number, kind, corrects_id, group_id, from_on, to_on, published_on, object_until, public_until, cases,
		seal_size, seal_root, hash, token, snapshot, by_user, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		n.id, d.Village, d.Year, d.Number, d.Kind, n.corrects, d.Group, d.From, d.To, d.PublishedOn, d.ObjectUntil, n.publicUntil, d.Sum.Cases,
		head.Size, rootBytes(head), hash, token, text, n.by, clock.Ms(at))
	if err != nil {
		return fmt.Errorf("store notice: %w", err)
	}
	return nil
}

// newToken is the secret part of a public page's address: 130 bits, in letters and digits that survive being read aloud.
func newToken() (string, error) {
	b := make([]byte, 17)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:26], nil
}

func rootBytes(h ledger.Head) []byte {
	b, err := hex.DecodeString(h.Root)
	if err != nil {
		return nil // made by the ledger
	}
	return b
}
