package board

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
)

// terms finds what a village's board ranks: by the scheme in force on the span's last day, or today while it runs.
func (s *Service) terms(ctx context.Context, village id.ID, v View) (*scheme.Scheme, foldKey, error) {
	today := clock.DayOf(s.now())
	if !goodSpan(v.Span, today) {
		return nil, foldKey{}, ErrSpan
	}
	book, err := s.rules(ctx, village, min(today, v.Span.Last()))
	if err != nil {
		return nil, foldKey{}, err
	}
	if !book.Knows(v.Span) { // any two days would do, but nobody may have the server fold whatever comes to mind
		return nil, foldKey{}, ErrSpan
	}
	k := foldKey{ref{village: village, kind: book.Subject, wallet: book.ScoreWallet(), span: v.Span}, v.Kind, v.Class}
	if v.Class != "" {
		if _, ok := book.Class(v.Class); !ok {
			return nil, k, ErrClass
		}
	}
	switch {
	case v.Kind == Groups || v.Kind.ofMembers():
		return book, k, nil
	case v.Kind != Households && v.Kind != Persons:
		return nil, k, ErrKind
	case v.Kind == Households && book.Subject != scheme.SubjectHousehold:
		return nil, k, ErrNoHouse
	case v.Kind == Persons && book.Subject != scheme.SubjectPerson:
		return nil, k, ErrNoPersons
	}
	return book, k, nil
}

// goodSpan: a span that has begun.
func goodSpan(span clock.Span, today clock.Day) bool {
	return span > 0 && span.First() <= today
}

var officials = access.Need{Roles: access.Officials, Scope: access.Village}

// Page is a page of a village's board. An empty cursor is the top; a limit of 0 is DefaultPage.
// ErrKind, ErrClass, ErrNoHouse, ErrNoPersons, ErrSpan, ErrCursor, ErrOff; access errors.
func (s *Service) Page(ctx context.Context, a access.Actor, village id.ID, v View, after string, limit int) (Page, error) {
	k, who, err := s.readable(ctx, a, village, v)
	if err != nil {
		return Page{}, err
	}
	return s.pageFor(ctx, who, k, after, limit)
}

// PublicPage is a page for everybody, signed in or not, with all names masked. ErrOff unless the scheme says public.
func (s *Service) PublicPage(ctx context.Context, village id.ID, v View, after string, limit int) (Page, error) {
	book, k, err := s.terms(ctx, village, v)
	if err != nil {
		return Page{}, err
	}
	if book.Boards.Show != scheme.ShowPublic {
		return Page{}, ErrOff
	}
	return s.pageFor(ctx, reader{mask: true, top: book.Boards.Top}, k, after, limit)
}

// reader is for whom rows are shown.
type reader struct {
	actor access.Actor
	mask  bool
	top   int // ranks shown besides the own; 0: all
}

// readable is terms for a reader of the village.
func (s *Service) readable(ctx context.Context, a access.Actor, village id.ID, v View) (foldKey, reader, error) {
	if err := a.Allow(MayRead, access.Place{Village: village}); err != nil {
		return foldKey{}, reader{}, err
	}
	book, k, err := s.terms(ctx, village, v)
	if err != nil {
		return k, reader{}, err
	}
	who := reader{actor: a, mask: book.Boards.Mask, top: book.Boards.Top}
	if a.Allow(officials, access.Place{Village: village}) == nil {
		who.top = 0
	} else if book.Boards.Show == scheme.ShowOff {
		return k, who, ErrOff
	}
	return k, who, nil
}

func (s *Service) pageFor(ctx context.Context, who reader, k foldKey, after string, limit int) (Page, error) {
	if k.kind == Groups {
		return s.groupPage(ctx, k)
	}
	c, err := parseCursor(after)
	if err != nil {
		return Page{}, err
	}
	limit = clampPage(limit)
	p, err := s.page(ctx, k, c, limit+1)
	if err != nil {
		return Page{}, err
	}
	return s.show(ctx, who, k, p, limit)
}

// Around is one account's row with the Neighbours before and after it; empty when it has no entry in the span.
func (s *Service) Around(ctx context.Context, a access.Actor, village id.ID, v View, account id.ID) (Page, error) {
	k, who, err := s.readable(ctx, a, village, v)
	if err != nil {
		return Page{}, err
	}
	if k.kind == Groups {
		return s.groupPage(ctx, k)
	}
	p, err := s.around(ctx, k, account, Neighbours)
	if err != nil {
		return Page{}, err
	}
	return s.show(ctx, who, k, p, len(p.lines))
}

// Rank is the place of one account of a village in a span, for its passbook; the caller has checked who asks.
func (s *Service) Rank(ctx context.Context, village id.ID, span clock.Span, account id.ID) (Standing, error) {
	book, err := s.rules(ctx, village, min(clock.DayOf(s.now()), span.Last()))
	if err != nil {
		return Standing{}, err
	}
	p, err := s.around(ctx, foldKey{ref{village, book.Subject, book.ScoreWallet(), span}, Households, ""}, account, 0)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Of: p.of}
	if len(p.lines) == 1 {
		out.Rank, out.Amount = p.above+1, p.lines[0].amount
	}
	return out, nil
}

func clampPage(limit int) int {
	if limit <= 0 {
		return DefaultPage
	}
	return min(limit, MaxPage)
}

// page and around ask Redis where it may answer, else SQL; what no index holds is folded.
func (s *Service) page(ctx context.Context, k foldKey, after cursor, limit int) (part, error) {
	if !k.indexed() {
		f, err := s.folded(ctx, k)
		return f.page(after, limit), err
	}
	if p, ok := s.redisPage(ctx, k.ref, after, limit); ok {
		return p, nil
	}
	return s.sqlPage(ctx, k.ref, after, limit)
}

func (s *Service) around(ctx context.Context, k foldKey, account id.ID, n int) (part, error) {
	if !k.indexed() {
		f, err := s.folded(ctx, k)
		return f.around(account, n), err
	}
	if p, ok := s.redisAround(ctx, k.ref, account, n); ok {
		return p, nil
	}
	return s.sqlAround(ctx, k.ref, account, n)
}
