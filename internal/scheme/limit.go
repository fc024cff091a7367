package scheme

import (
	"hefen/internal/clock"
	"hefen/internal/points"
)

// Conflict is a group of items of which one deed counts the highest only (从高不重复). Deeds are the same if their records
// name the same event; where none is named, if they are of the same day. A wider sameness is a setting.
type Conflict struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Same string `json:"same" enum:"deed,day,month,year" doc:"what makes two records one deed"`
}

// Campaign multiplies what counts between two days (双倍积分).
type Campaign struct {
	Name       string    `json:"name"`
	From       clock.Day `json:"from"`
	To         clock.Day `json:"to" doc:"inclusive"`
	Factor     int64     `json:"factor" doc:"thousandths"`
	Classes    []string  `json:"classes,omitempty" doc:"of these classes; with items: or these items; both empty: all"`
	Items      []string  `json:"items,omitempty"`
	On         string    `json:"on" enum:"awards,deductions,both"`
	BeyondCaps bool      `json:"beyond_caps,omitempty" doc:"multiplied after the caps instead of before"`
}

// What happens to awards beyond a budget.
const (
	BeyondWait   = "wait"   // the record waits
	BeyondRefuse = "refuse" // it is refused
	BeyondCut    = "cut"    // it counts what is left
)

// Budget is the most that a village issues within a period of the calendar, by the day of the deed (发放总额).
type Budget struct {
	Per     string        `json:"per" enum:"month,quarter,half,year"`
	Points  points.Amount `json:"points"`
	Beyond  string        `json:"beyond" enum:"wait,refuse,cut"`
	Classes []string      `json:"classes,omitempty" doc:"empty: all"`
}

// When a threshold is looked at.
const (
	AtEntry = "entry"
	AtClose = "close"
	AtBoth  = "both"
)

// Threshold is a consequence of a score that is too low, and its lifting. The score is the sum of the wallets named: a
// score wallet by its net total of the year, a base wallet by its balance.
type Threshold struct {
	Code   string        `json:"code"`
	Name   string        `json:"name"`
	Of     []string      `json:"of" doc:"wallets of kind score or base"`
	Below  points.Amount `json:"below"`
	LiftAt points.Amount `json:"lift_at" doc:"at this score or more it is lifted; without meaning where term is given"`
	Then   string        `json:"then" enum:"veto,barred,suspended"`
	Term   *Term         `json:"term,omitempty" doc:"stands so long whatever comes; absent: until lift_at is reached"`
	Rounds []string      `json:"rounds,omitempty" doc:"veto: the award rounds it bars from; empty: all"`
	At     string        `json:"at" enum:"entry,close,both"`
}

// Watch names accounts at the close of a span: the mean of its periods is below a line and the account is among the last.
type Watch struct {
	Code   string        `json:"code"`
	Name   string        `json:"name"`
	Span   string        `json:"span" doc:"quarter, half, year or the code of an own period"`
	MeanOf string        `json:"mean_of" enum:"month,quarter,half"`
	Below  points.Amount `json:"below"`
	Last   int           `json:"last" doc:"so many from the bottom; ties at the line are all named"`
}

// RankCoin gives points in another wallet for a rank at the close of each period (名次换币).
type RankCoin struct {
	Name   string        `json:"name"`
	Every  string        `json:"every" doc:"month, quarter, half, year or the code of an own period"`
	Top    int           `json:"top,omitempty" doc:"ranks; or percent"`
	Per100 int64         `json:"percent,omitempty" doc:"thousandths of a per cent of the accounts that scored above 0, rounded up to whole accounts"`
	Wallet string        `json:"wallet"`
	Points points.Amount `json:"points"`
	Ties   string        `json:"ties" enum:"all,none" doc:"a rank shared across the cut-off: everybody on it gets them, or nobody"`
}

// OwnItems limits the village's own items beside the county's table (自定事项).
type OwnItems struct {
	Awards     int           `json:"awards" doc:"how many items that give"`
	Deductions int           `json:"deductions" doc:"how many items that take"`
	Points     points.Amount `json:"points" doc:"most that one record may be worth, without sign"`
}
