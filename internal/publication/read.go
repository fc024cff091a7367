package publication

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
	"hefen/internal/village"
)

// Notice is a notice in a list.
type Notice struct {
	ID          id.ID       `json:"id"`
	No          string      `json:"no" doc:"2026年第3号"`
	Kind        string      `json:"kind" enum:"notice,correction"`
	KindName    string      `json:"kind_name"`
	Corrects    id.ID       `json:"corrects,omitempty" doc:"the notice that it corrects"`
	Group       id.ID       `json:"group,omitempty"`
	From        clock.Day   `json:"from_on"`
	To          clock.Day   `json:"to_on"`
	PublishedOn clock.Day   `json:"published_on"`
	ObjectUntil clock.Day   `json:"object_until"`
	PublicUntil clock.Day   `json:"public_until" doc:"last day of the public page"`
	Open        bool        `json:"open" doc:"objections can still be made"`
	Cases       int         `json:"cases"`
	Seal        ledger.Head `json:"seal"`
	Hash        string      `json:"hash" doc:"SHA-256 of the snapshot's bytes"`
	Link        string      `json:"link" doc:"path of the public page; empty when it is closed"`
	CreatedAt   int64       `json:"created_at" doc:"milliseconds since 1970 UTC"`
	Repeated    bool        `json:"repeated,omitempty" doc:"the request had been carried out before"`

	token    string
	village  id.ID
	snapshot string
}

// Notices is a page of notices, newest first.
type Notices struct {
	Items []Notice `json:"items"`
	Next  string   `json:"next" doc:"cursor of the next page; empty at the end"`
}

const noticeColumns = `id, village_id, year, number, kind, corrects_id, group_id, from_on, to_on, published_on, object_until, public_until, cases, seal_size, seal_root,
	hash, token, created_at`

var kindNames = map[string]string{KindNotice: "公示", KindCorrection: "更正公告"}

// scan reads a row; more are columns after those of noticeColumns.
func (s *Service) scan(rows *sql.Rows, more ...any) (Notice, error) {
	var n Notice
	var year, number int
	var root, hash []byte
	err := rows.Scan(append([]any{&n.ID, &n.village, &year, &number, &n.Kind, &n.Corrects, &n.Group, &n.From, &n.To, &n.PublishedOn, &n.ObjectUntil, &n.PublicUntil, &n.Cases,
		&n.Seal.Size, &root, &hash, &n.token, &n.CreatedAt}, more...)...)
	today := clock.DayOf(s.now())
	n.No, n.KindName, n.Open = No(year, number), kindNames[n.Kind], today <= n.ObjectUntil
	n.Seal.Village, n.Seal.Root, n.Seal.At, n.Hash = n.village, hex.EncodeToString(root), n.CreatedAt, hex.EncodeToString(hash)
	if today <= n.PublicUntil {
		n.Link = PagePath + n.token
	}
	return n, err
}

func (s *Service) notices(rows *sql.Rows, err error) ([]Notice, error) {
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	defer rows.Close()
	out := []Notice{}
	for rows.Next() {
		n, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// List is a page of a village's notices, before an id (zero: from the newest).
func (s *Service) List(ctx context.Context, a access.Actor, in, before id.ID, limit int) (Notices, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Notices{}, err
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	items, err := s.notices(s.db.Query(ctx, "SELECT "+noticeColumns+" FROM notices WHERE village_id = ? AND id < ? ORDER BY id DESC LIMIT "+strconv.Itoa(limit+1), in, before))
	if err != nil {
		return Notices{}, err
	}
	page := Notices{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = items[limit-1].ID.String()
	}
	return page, nil
}

func (s *Service) get(ctx context.Context, in, notice id.ID) (Notice, error) {
	return s.one(s.db.Query(ctx, "SELECT "+noticeColumns+", snapshot FROM notices WHERE id = ? AND village_id = ?", notice, in))
}

func (s *Service) one(rows *sql.Rows, err error) (Notice, error) {
	if err != nil {
		return Notice{}, fmt.Errorf("read notice: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return Notice{}, errOr(rows.Err(), ErrNoNotice)
	}
	var text string
	n, err := s.scan(rows, &text)
	n.snapshot = text
	return n, err
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Page is a notice as it is shown: what was printed, and what has become of it since.
type Page struct {
	Notice      Notice     `json:"notice"`
	Title       string     `json:"title"`
	Period      string     `json:"period" doc:"what it covers, in words"`
	VillageName string     `json:"village_name"`
	TownName    string     `json:"town_name,omitempty"`
	GroupName   string     `json:"group_name,omitempty"`
	HowTo       string     `json:"how_to_object"`
	CorrectsNo  string     `json:"corrects_no,omitempty"`
	Sum         Sum        `json:"sum"`
	Honour      []Place    `json:"honour"`
	Warning     []Place    `json:"warning"`
	Lines       []LineNow  `json:"lines"`
	Later       []Notice   `json:"later" doc:"corrections of this notice"`
	Changes     int        `json:"changes" doc:"how many lines were corrected since and stand in no correction yet"`
	Code        string     `json:"code" doc:"the seal as it is printed"`
	kept        []Snapshot // of corrections
}

// LineNow is a line with what has become of its case.
type LineNow struct {
	Line
	Now   string        `json:"now,omitempty" doc:"objected, amended, reversed, hidden; empty: stands as printed" enum:",objected,amended,reversed,hidden"`
	NowIs points.Amount `json:"now_points" doc:"what counts today"`
	Note  string        `json:"note,omitempty" doc:"the same in words"`
	Mine  bool          `json:"mine,omitempty" doc:"of the caller's own household"`

	change           bool // differs from what was last printed
	warned, reversed bool // of the case now
	why              string
}

// What may have become of a line.
const (
	NowObjected = "objected"
	NowAmended  = "amended"
	NowReversed = "reversed"
	NowHidden   = "hidden"
)

// Page is a notice for people of the village. Cases can be opened by those concerned and by officials only.
func (s *Service) Page(ctx context.Context, a access.Actor, in, notice id.ID) (Page, error) {
	if err := a.Allow(MaySee, access.Place{Village: in}); err != nil {
		return Page{}, err
	}
	n, err := s.get(ctx, in, notice)
	if err != nil {
		return Page{}, err
	}
	p, err := s.page(ctx, n)
	if err != nil {
		return Page{}, err
	}
	official := a.Allow(MayCopy, access.Place{Village: in}) == nil
	for i := range p.Lines {
		l := &p.Lines[i]
		l.Mine = l.Household != 0 && a.IsOwn(l.Household)
		if !official && !l.Mine {
			l.Household, l.Case = 0, 0
		}
	}
	return p, nil
}

var tokenForm = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Public is a notice for whoever has its link, until its last day: every name is masked, and there is no number and no id by
// which to find a household.
func (s *Service) Public(ctx context.Context, token string) (Page, error) {
	if !tokenForm.MatchString(token) {
		return Page{}, ErrNoNotice
	}
	n, err := s.one(s.db.Query(ctx, "SELECT "+noticeColumns+", snapshot FROM notices WHERE token = ?", token))
	if err != nil {
		return Page{}, err
	}
	if n.Link == "" {
		return Page{}, ErrClosed
	}
	p, err := s.page(ctx, n)
	if err != nil {
		return Page{}, err
	}
	p.MaskAll()
	return p, nil
}

// MaskAll masks every name and takes away what would find a household: for whoever may be looking.
func (p *Page) MaskAll() {
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Now != NowHidden && (l.Household != 0 || l.Member != "") {
			l.Name, l.Member = village.MaskName(l.Name), village.MaskName(l.Member)
		}
		l.Household, l.Case, l.Number, l.Why = 0, 0, "", ""
	}
	for _, list := range [][]Place{p.Honour, p.Warning} {
		for i := range list {
			list[i].Household, list[i].Name = 0, village.MaskName(list[i].Name)
		}
	}
}

// Copy is the snapshot as it was stored, byte for byte, for who wants to hash it.
func (s *Service) Copy(ctx context.Context, a access.Actor, in, notice id.ID) ([]byte, error) {
	if err := a.Allow(MayCopy, access.Place{Village: in}); err != nil {
		return nil, err
	}
	n, err := s.get(ctx, in, notice)
	return []byte(n.snapshot), err
}
