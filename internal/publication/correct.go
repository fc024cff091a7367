package publication

import (
	"context"
	"encoding/json"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/storage"
)

// CorrectRequest publishes what has changed since a notice.
type CorrectRequest struct {
	RequestID  string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device and kept until a definite answer"`
	PublicDays int    `json:"public_days,omitempty" minimum:"0" maximum:"365" doc:"for how many days the public page is open; 0: 30"`
}

// Correct publishes a correction of a notice (更正公告): every case of it that was amended or taken back since, and that no
// correction has told yet, with what had been printed and what counts now. ErrNoChange if there is none.
func (s *Service) Correct(ctx context.Context, a access.Actor, in, of id.ID, r CorrectRequest) (Notice, error) {
	if err := a.Allow(MayPublish, access.Place{Village: in}); err != nil {
		return Notice{}, err
	}
	if r.PublicDays == 0 {
		r.PublicDays = DefaultPublic
	}
	if r.PublicDays < 1 || r.PublicDays > MaxPublic {
		return Notice{}, ErrDays
	}
	body := []any{in, of, r}
	if earlier, found, err := s.db.Earlier(ctx, a.User(), r.RequestID, "publication.correct", body); err != nil {
		return Notice{}, err
	} else if found {
		return s.repeated(ctx, a, in, earlier)
	}
	at := s.now()
	if _, _, err := ledger.Seal(ctx, s.db, in, at); err != nil {
		return Notice{}, err
	}
	ref, repeated := s.db.NewID(), false
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if ref, repeated, err = tx.Once(a.User(), r.RequestID, "publication.correct", body, ref); err != nil || repeated {
			return err
		}
		if err := ledger.Guard(tx, nil, []string{"notice:" + in.String()}); err != nil { // nobody else corrects it now
			return err
		}
		d, err := s.corrections(ctx, in, of)
		if err != nil {
			return err
		}
		return s.store(tx, d, notice{id: ref, corrects: of, publicUntil: d.PublishedOn.Add(r.PublicDays - 1), by: a.User()}, at)
	})
	if err != nil {
		return Notice{}, err
	}
	if repeated {
		return s.repeated(ctx, a, in, ref)
	}
	return s.get(ctx, in, ref)
}

// corrections puts the correction of a notice together.
func (s *Service) corrections(ctx context.Context, in, of id.ID) (*draft, error) {
	n, err := s.get(ctx, in, of)
	if err != nil {
		return nil, err
	}
	if n.Kind != KindNotice {
		return nil, ErrCorrects
	}
	p, err := s.page(ctx, n)
	if err != nil {
		return nil, err
	}
	if p.Changes == 0 {
		return nil, ErrNoChange
	}
	var old Snapshot
	if err := json.Unmarshal([]byte(n.snapshot), &old); err != nil {
		return nil, fmt.Errorf("snapshot of notice %s: %w", n.ID, err)
	}
	d, _, err := s.blank(ctx, in, Range{From: old.From, To: old.To}, clock.DayOf(s.now()))
	if err != nil {
		return nil, err
	}
	d.Kind, d.Corrects, d.Group, d.GroupName = KindCorrection, n.No, old.Group, old.GroupName
	last := map[id.ID]Line{}
	for _, k := range p.kept {
		for _, l := range k.Lines {
			last[l.Case] = l
		}
	}
	for i := range p.Lines {
		l := p.Lines[i]
		if !l.change {
			continue
		}
		was := l.Points
		if before, ok := last[l.Case]; ok {
			was = before.Points
		}
		line := l.Line
		line.Was, line.Points, line.Taken, line.Warned, line.Why = &was, l.NowIs, l.reversed, l.warned, l.why
		d.Lines = append(d.Lines, line)
	}
	d.sum()
	return d, nil
}
