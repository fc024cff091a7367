package media

import (
	"context"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Use says what photos are shown with.
type Use struct {
	Village id.ID
	Kind    string // whose table ref is of: case, goods, objection, …
	Ref     id.ID
	Part    id.ID  // a part of it, 0 for the whole
	Role    string // what the photo is there for: photo, certificate, signature, before, after, …
	By      id.ID  // who attaches it, and has uploaded it
	Trusted bool   // By is an official of the village: shown before the content check has answered
	Lasting bool   // kept until it is taken off, not only for the months of evidence
}

// Ref names a photo that the user has uploaded in the village: by its id, or by the hash of the file, which a device knows
// before there was a connection.
type Ref struct {
	Photo  id.ID  `json:"photo,omitempty" doc:"as the upload answered"`
	SHA256 string `json:"sha256,omitempty" maxLength:"64" doc:"instead of the id: of the file as it was sent"`
}

// Attach shows photos with something, in the transaction that makes it. A photo that is already there stays. ErrNotUploaded when
// one has not (or not completely) been uploaded by the user in the village; nobody can use what another has uploaded.
func (s *Service) Attach(tx *storage.Tx, u Use, photos ...Ref) error {
	if len(photos) > MaxPhotos {
		return ErrMany
	}
	at := clock.Ms(s.now())
	for _, p := range photos {
		media, err := uploaded(tx, u, p)
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE media SET rev = rev + 1 WHERE id = ? AND state = 'kept'", media) // nobody removes it until this ends
		if err != nil {
			return fmt.Errorf("attach photo: %w", err)
		}
		if n == 0 {
			return ErrNotUploaded
		}
		n, err = tx.Exec("UPDATE media_uses SET role = ?, by_user = ?, trusted = ?, lasting = ?, ended_at = 0 WHERE kind = ? AND ref_id = ? AND part_id = ? AND media_id = ?",
			u.Role, u.By, bit(u.Trusted), bit(u.Lasting), u.Kind, u.Ref, u.Part, media)
		if err != nil || n > 0 {
			if err != nil {
				return fmt.Errorf("attach photo: %w", err)
			}
			continue
		}
		_, err = tx.Exec(`INSERT INTO media_uses (id, media_id, village_id, kind, ref_id, part_id, role, by_user, trusted, lasting, created_at, ended_at)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,0)`, tx.NewID(), media, u.Village, u.Kind, u.Ref, u.Part, u.Role, u.By, bit(u.Trusted), bit(u.Lasting), at)
		if err != nil {
			return fmt.Errorf("attach photo: %w", err)
		}
	}
	return nil
}

func uploaded(tx *storage.Tx, u Use, p Ref) (media id.ID, err error) {
	const of = "SELECT media_id FROM uploads WHERE village_id = ? AND user_id = ? AND state = 'done' AND "
	switch {
	case p.Photo != 0:
		err = tx.QueryRow(of+"media_id = ?", u.Village, u.By, p.Photo).Scan(&media)
	case isHash(p.SHA256):
		err = tx.QueryRow(of+"sha256 = ?", u.Village, u.By, p.SHA256).Scan(&media)
	default:
		return 0, ErrNotUploaded
	}
	if noRows(err) {
		return 0, ErrNotUploaded
	}
	return media, err
}

// Uploaded refuses, before a transaction is begun, photos that Attach would refuse.
func (s *Service) Uploaded(ctx context.Context, by Sender, photos ...Ref) error {
	if len(photos) > MaxPhotos {
		return ErrMany
	}
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		for _, p := range photos {
			if _, err := uploaded(tx, Use{Village: by.Village, By: by.User}, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// Detach takes all photos off something.
func (s *Service) Detach(tx *storage.Tx, village id.ID, kind string, ref id.ID) error {
	_, err := tx.Exec("UPDATE media_uses SET ended_at = ? WHERE kind = ? AND ref_id = ? AND village_id = ? AND ended_at = 0", clock.Ms(s.now()), kind, ref, village)
	if err != nil {
		return fmt.Errorf("detach photos: %w", err)
	}
	return nil
}

// States of a photo for who looks.
const (
	Shown    = "shown"
	Waiting  = "waiting"  // the content check has not answered
	Withheld = "withheld" // the content check found something
	Removed  = "removed"  // past the months for which evidence is kept
)

// Shot is a photo with what it is shown with.
type Shot struct {
	ID     id.ID  `json:"id"`
	Part   id.ID  `json:"part,omitempty" doc:"the part of it that the photo is of"`
	Role   string `json:"role" doc:"photo, certificate, signature, …"`
	State  string `json:"state" enum:"shown,waiting,withheld,removed" doc:"waiting and withheld: the content check; removed: past the months it is kept"`
	URL    string `json:"url,omitempty" doc:"opens without a session, for some minutes, and only for the caller's own rights; not to be stored"`
	Small  string `json:"small,omitempty" doc:"of at most 240 pixels, for lists"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Hash   string `json:"hash" doc:"SHA-256 of the stored photo; stays when it is removed"`
	At     int64  `json:"at" doc:"when it was attached, milliseconds since 1970 UTC"`
}

// Viewer is who looks. Official: of the village, so that photos which a person should look at are shown.
type Viewer struct {
	User     id.ID
	Official bool
}

// Shots lists the photos of things of one kind, with links for the viewer, by ref. The caller has made sure that the viewer
// may see these things.
func (s *Service) Shots(ctx context.Context, v Viewer, kind string, refs ...id.ID) (map[id.ID][]Shot, error) {
	out := map[id.ID][]Shot{}
	if len(refs) == 0 {
		return out, nil
	}
	padded := storage.Padded(refs)
	rows, err := s.db.Query(ctx, shotOf+"u.kind = ? AND u.ref_id IN "+storage.In(len(padded))+" AND u.ended_at = 0 ORDER BY u.id", storage.Args(padded, kind)...)
	if err != nil {
		return nil, fmt.Errorf("list photos: %w", err)
	}
	defer rows.Close()
	until := s.linkEnd()
	for rows.Next() {
		var o Opened
		if err := o.scan(rows); err != nil {
			return nil, fmt.Errorf("list photos: %w", err)
		}
		shot := Shot{ID: o.use, Part: o.Part, Role: o.Role, State: o.stateFor(v), Width: o.width, Height: o.height, Hash: o.Hash, At: o.at}
		if shot.State == Shown {
			shot.URL = s.link(o.use, v.User, until)
			shot.Small = shot.URL + "?small=true"
		}
		out[o.Ref] = append(out[o.Ref], shot)
	}
	return out, rows.Err()
}

const shotOf = `SELECT u.id, u.village_id, u.kind, u.ref_id, u.part_id, u.role, u.by_user, u.trusted, u.created_at,
	m.hash, m.state, m.width, m.height, COALESCE(c.verdict, 'off') FROM media_uses u JOIN media m ON m.id = u.media_id
	LEFT JOIN content_checks c ON c.kind = 'photo' AND c.ref_id = m.id WHERE `

// Opened is a photo that a link names. The caller asks whether Viewer may still see what it is shown with.
type Opened struct {
	Use
	Viewer id.ID
	Hash   string

	use           id.ID
	state         string
	width, height int
	verdict       string
	at            int64
}

func (o *Opened) scan(row interface{ Scan(...any) error }) error {
	var trusted int
	err := row.Scan(&o.use, &o.Village, &o.Kind, &o.Ref, &o.Part, &o.Role, &o.By, &trusted, &o.at, &o.Hash, &o.state, &o.width, &o.height, &o.verdict)
	o.Trusted = trusted != 0
	return err
}

// stateFor is the rule of who sees what the content check has not let pass: who sent it always; until there is an answer,
// what an official attached; what a person should look at, the officials; what is forbidden, nobody else.
func (o *Opened) stateFor(v Viewer) string {
	switch {
	case o.state != "kept":
		return Removed
	case v.User == o.By && v.User != 0, o.verdict == "pass", o.verdict == "off":
		return Shown
	case o.verdict == verdictWaiting:
		if o.Trusted {
			return Shown
		}
		return Waiting
	case o.verdict == "review" && v.Official:
		return Shown
	}
	return Withheld
}

// Open finds the photo of a link. ErrNoPhoto when the link was changed, has ended, or the photo was taken off.
func (s *Service) Open(ctx context.Context, link string) (o Opened, err error) {
	use, viewer, err := s.readLink(link)
	if err != nil {
		return o, err
	}
	err = o.scan(s.db.QueryRow(ctx, shotOf+"u.id = ? AND u.ended_at = 0", use))
	if noRows(err) {
		return o, ErrNoPhoto
	}
	if err != nil {
		return o, fmt.Errorf("open photo: %w", err)
	}
	o.Viewer = viewer
	return o, nil
}

// Bytes are the JPEG of an opened photo for a viewer who may see what it is shown with.
func (s *Service) Bytes(ctx context.Context, o Opened, v Viewer, small bool) ([]byte, error) {
	switch o.stateFor(v) {
	case Removed:
		return nil, ErrGone
	case Shown:
	default:
		return nil, ErrNoPhoto
	}
	key, err := keyOf(o.Hash, small)
	if err != nil {
		return nil, err
	}
	data, err := s.store.Get(ctx, key)
	if errors.Is(err, ErrNotStored) {
		return nil, ErrStoreAway.Wrap(err) // the row says that it is there
	}
	return data, err
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
