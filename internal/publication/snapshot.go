package publication

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/points"
)

// Kinds of notices.
const (
	KindNotice     = "notice"
	KindCorrection = "correction"
)

// Snapshot is a notice as it was published. Its canonical form is the JSON of this struct: fields in this order, no spaces,
// no HTML escapes. A change of meaning takes another Format.
type Snapshot struct {
	Format      int         `json:"format"`
	Village     id.ID       `json:"village"`
	VillageName string      `json:"village_name"`
	TownName    string      `json:"town_name,omitempty"`
	Kind        string      `json:"kind" enum:"notice,correction"`
	Year        int         `json:"year"`
	Number      int         `json:"number"`
	Corrects    string      `json:"corrects,omitempty" doc:"number of the notice that it corrects"`
	Group       id.ID       `json:"group,omitempty"`
	GroupName   string      `json:"group_name,omitempty"`
	From        clock.Day   `json:"from_on"`
	To          clock.Day   `json:"to_on"`
	PublishedOn clock.Day   `json:"published_on"`
	ObjectUntil clock.Day   `json:"object_until" doc:"last day for objections"`
	HowTo       string      `json:"how_to_object"`
	Seal        ledger.Head `json:"seal"`
	Sum         Sum         `json:"sum"`
	Honour      []Place     `json:"honour,omitempty" doc:"who did most, where the rules show ranks"`
	Warning     []Place     `json:"warning,omitempty" doc:"deductions and warnings, where the rules have a watch list"`
	Lines       []Line      `json:"lines"`
}

// Sum is what a notice adds up to.
type Sum struct {
	Cases int           `json:"cases"`
	Homes int           `json:"households"`
	Plus  points.Amount `json:"plus" doc:"hundredths of a point"`
	Minus points.Amount `json:"minus"`
}

// Place is a household on a list.
type Place struct {
	Household id.ID         `json:"household,omitempty"`
	Rank      int           `json:"rank,omitempty"`
	Name      string        `json:"name"`
	GroupName string        `json:"group_name,omitempty"`
	Points    points.Amount `json:"points"`
	Warnings  int           `json:"warnings,omitempty"`
}

// Line is a case, or what it counts for somebody else.
type Line struct {
	Case      id.ID          `json:"case,omitempty"`
	Share     bool           `json:"share,omitempty" doc:"what the case counts for another than its own account"`
	Household id.ID          `json:"household,omitempty"`
	Number    string         `json:"number,omitempty" doc:"of the household"`
	Name      string         `json:"name" doc:"masked as it was printed"`
	Member    string         `json:"member,omitempty"`
	GroupName string         `json:"group_name,omitempty"`
	Item      string         `json:"item"`
	Detail    string         `json:"detail,omitempty" doc:"grade or quantity"`
	On        clock.Day      `json:"occurred_on"`
	Points    points.Amount  `json:"points"`
	Was       *points.Amount `json:"was,omitempty" doc:"corrections: what had been printed"`
	Taken     bool           `json:"taken_back,omitempty" doc:"corrections: the record was taken back"`
	Warned    bool           `json:"warned,omitempty" doc:"a warning in place of a deduction"`
	Waits     bool           `json:"waits,omitempty" doc:"the points count when the days of publication are over"`
	Why       string         `json:"why,omitempty"`
	Revision  int            `json:"revision,omitempty"`
}

// No is the number of a notice as people say it.
func No(year, number int) string { return fmt.Sprintf("%d年第%d号", year, number) }

// Title is the heading of the notice.
func (n *Snapshot) Title() string {
	kind := "积分公示"
	if n.Kind == KindCorrection {
		kind = "积分公示更正公告"
	}
	return n.VillageName + n.GroupName + kind
}

// No is its number as people say it.
func (n *Snapshot) No() string { return No(n.Year, n.Number) }

// Period is what it covers, in words.
func (n *Snapshot) Period() string {
	if clock.MonthSpan(n.From) == clock.MonthSpan(n.To) && n.From%100 == 1 && n.To.Add(1)%100 == 1 {
		return fmt.Sprintf("%d年%d月", int(n.From)/10000, int(n.From)/100%100)
	}
	return n.From.Chinese() + "至" + n.To.Chinese()
}

// canonical is the stored form and its hash.
func (n *Snapshot) canonical() (text string, hash []byte, err error) {
	b, err := json.Marshal(n)
	if err != nil {
		return "", nil, fmt.Errorf("snapshot: %w", err)
	}
	sum := sha256.Sum256(b)
	return string(b), sum[:], nil
}

// digest names the content of a list before it is published: what a preview showed must be what is published.
func digest(lines []Line) string {
	h := sha256.New()
	for i := range lines {
		l := &lines[i]
		fmt.Fprintln(h, l.Case, l.Share, l.Household, l.Name, l.Points, l.Warned, l.Taken, l.Revision)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
