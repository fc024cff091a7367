package board

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/scheme"
)

// terms finds what a village's board of a span ranks: by the scheme in force on the span's last day, or today while it
// runs.
func (s *Service) terms(ctx context.Context, village id.ID, kind Kind, span clock.Span) (*scheme.Scheme, ref, error) {
	today := clock.DayOf(s.now())
	if !goodSpan(span, today) {
		return nil, ref{}, ErrSpan
	}
	book, err := s.rules(ctx, village, min(today, span.Last()))
	if err != nil {
		return nil, ref{}, err
	}
	r := ref{village: village, kind: book.Subject, wallet: book.ScoreWallet(), span: span}
	switch {
	case kind == Groups:
		return book, r, nil
	case kind != Households && kind != Persons:
		return nil, r, ErrKind
	case kind == Households && book.Subject != scheme.SubjectHousehold:
		return nil, r, ErrNoHouse
	case kind == Persons && book.Subject != scheme.SubjectPerson:
		return nil, r, ErrNoPersons
	}
	return book, r, nil
}

// goodSpan: a year or a month, for these have totals, that has begun.
func goodSpan(span clock.Span, today clock.Day) bool {
	return span > 0 && span%100 <= 12 && span.First() <= today
}

// readable is terms for a reader of the village.
func (s *Service) readable(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span) (*scheme.Scheme, ref, error) {
	if err := a.Allow(MayRead, access.Place{Village: village}); err != nil {
		return nil, ref{}, err
	}
	book, r, err := s.terms(ctx, village, kind, span)
	if err != nil {
		return nil, r, err
	}
	official := access.Need{Roles: access.Officials, Scope: access.Village}
	if book.Boards.Show == scheme.ShowOff && a.Allow(official, access.Place{Village: village}) != nil {
		return nil, r, ErrOff
	}
	return book, r, nil
}

// Page is a page of a village's board. An empty cursor is the top; a limit of 0 is DefaultPage.
// ErrKind, ErrNoHouse, ErrNoPersons, ErrSpan, ErrCursor, ErrOff; access errors.
func (s *Service) Page(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span, after string, limit int) (Page, error) {
	book, r, err := s.readable(ctx, a, village, kind, span)
	if err != nil {
		return Page{}, err
	}
	return s.pageFor(ctx, reader{a, book.Boards.Mask}, r, kind, after, limit)
}

// PublicPage is a page for everybody, signed in or not, with all names masked. ErrOff unless the scheme says public.
func (s *Service) PublicPage(ctx context.Context, village id.ID, kind Kind, span clock.Span, after string, limit int) (Page, error) {
	book, r, err := s.terms(ctx, village, kind, span)
	if err != nil {
		return Page{}, err
	}
	if book.Boards.Show != scheme.ShowPublic {
		return Page{}, ErrOff
	}
	return s.pageFor(ctx, reader{mask: true}, r, kind, after, limit)
}

// reader is for whom rows are shown.
type reader struct {
	actor access.Actor
	mask  bool
}

func (s *Service) pageFor(ctx context.Context, who reader, r ref, kind Kind, after string, limit int) (Page, error) {
	if kind == Groups {
		return s.groupPage(ctx, r)
	}
	c, err := parseCursor(after)
	if err != nil {
		return Page{}, err
	}
	limit = clampPage(limit)
	p, err := s.page(ctx, r, c, limit+1)
	if err != nil {
		return Page{}, err
	}
	out, err := s.show(ctx, who, r, p, limit)
	out.Kind = kind
	return out, err
}

// Around is one account's row with the Neighbours before and after it; empty when it has no entry in the span.
func (s *Service) Around(ctx context.Context, a access.Actor, village id.ID, kind Kind, span clock.Span, account id.ID) (Page, error) {
	book, r, err := s.readable(ctx, a, village, kind, span)
	if err != nil {
		return Page{}, err
	}
	if kind == Groups {
		return s.groupPage(ctx, r)
	}
	p, err := s.around(ctx, r, account, Neighbours)
	if err != nil {
		return Page{}, err
	}
	out, err := s.show(ctx, reader{a, book.Boards.Mask}, r, p, len(p.lines))
	out.Kind = kind
	return out, err
}

// Rank is the place of one account of a village in a span, for its passbook; the caller has checked who asks.
func (s *Service) Rank(ctx context.Context, village id.ID, span clock.Span, account id.ID) (Standing, error) {
	book, err := s.rules(ctx, village, min(clock.DayOf(s.now()), span.Last()))
	if err != nil {
		return Standing{}, err
	}
	p, err := s.around(ctx, ref{village, book.Subject, book.ScoreWallet(), span}, account, 0)
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

// page and around ask Redis where it may answer, else SQL.
func (s *Service) page(ctx context.Context, r ref, after cursor, limit int) (part, error) {
	if p, ok := s.redisPage(ctx, r, after, limit); ok {
		return p, nil
	}
	return s.sqlPage(ctx, r, after, limit)
}

func (s *Service) around(ctx context.Context, r ref, account id.ID, n int) (part, error) {
	if p, ok := s.redisAround(ctx, r, account, n); ok {
		return p, nil
	}
	return s.sqlAround(ctx, r, account, n)
}
