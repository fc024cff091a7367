package scheme

import (
	"slices"

	"hefen/internal/clock"
	"hefen/internal/points"
)

// Kinds of evidence an item may ask for.
const (
	EvidenceNone        = "none"        // the recorder's word is enough
	EvidencePhoto       = "photo"       // 照片
	EvidenceCertificate = "certificate" // 证书、通知书等材料
	EvidenceBoth        = "both"        // 双方确认
	EvidenceSignature   = "signature"   // 签字
)

// Item is one line of the village's table (积分事项).
type Item struct {
	Code        string      `json:"code"`
	Name        string      `json:"name"`
	Class       string      `json:"class"`
	Hint        string      `json:"hint,omitempty" doc:"how to earn it, or who verifies it, in the village's words"`
	Value       Value       `json:"value"`
	Credits     []string    `json:"credits" doc:"wallets that it moves"`
	Caps        []Cap       `json:"caps,omitempty"`
	Evidence    []string    `json:"evidence" doc:"any one of them is enough unless evidence_all; never empty"`
	EvidenceAll bool        `json:"evidence_all,omitempty" doc:"all of them are needed"`
	Review      Review      `json:"review"`
	Ways        []string    `json:"ways" doc:"how records come in: entry by an official, claim by the household itself, peer by another household; never empty"`
	FixPhotos   bool        `json:"fix_photos,omitempty" doc:"a fault is closed with photos of before and after"`
	Subject     string      `json:"subject,omitempty" enum:"household,person,group,team" doc:"whose account it is about, where it differs from the scheme's subject"`
	Parties     []PartyRule `json:"parties,omitempty" doc:"who is credited or charged; empty: the account of the case alone"`
	Only        *Only       `json:"only,omitempty"`
	Times       string      `json:"times,omitempty" enum:"members,adults" doc:"the value is multiplied by the people of the household"`
	Set         bool        `json:"set,omitempty" doc:"the year score is set to the value instead of moved by it"`
	State       string      `json:"state,omitempty" enum:"day,week,month,two_months,quarter,half,year" doc:"a state of that period: the latest replaces the earlier one"`
	Conflict    string      `json:"conflict,omitempty" doc:"conflict group: of one deed only the highest of its items counts"`
	WarnFirst   *WarnFirst  `json:"warn_first,omitempty"`
	Repeat      *Repeat     `json:"repeat,omitempty"`
	Effects     *Effects    `json:"effects,omitempty"`
	Repair      *Repair     `json:"repair,omitempty"`
	Valid       *Term       `json:"valid,omitempty" doc:"how long the record and the spendable points of it last; absent: for ever"`
	Calendar    *Calendar   `json:"calendar,omitempty"`
	Charge      []string    `json:"charge,omitempty" doc:"wallets that a deduction empties one after the other; absent: the scheme's"`
	Own         bool        `json:"own,omitempty" doc:"one of the village's own items beside the county's table"`
	From        clock.Day   `json:"from,omitempty" doc:"first day of deeds that it covers; empty: always"`
	To          clock.Day   `json:"to,omitempty" doc:"last day of deeds that it covers, inclusive; empty: without end"`
	Words       ItemWords   `json:"words" doc:"the rule as people read it"`
}

// ItemWords is what the pages show, made once when the scheme is parsed.
type ItemWords struct {
	Class    string   `json:"class" doc:"name of the class"`
	Value    string   `json:"value" doc:"每次5分"`
	Caps     string   `json:"caps" doc:"每月最多10分；每天最多1次; empty without caps"`
	Evidence string   `json:"evidence" doc:"照片或双方确认"`
	Review   string   `json:"review" doc:"记上就生效, or 要另一个人审核"`
	More     []string `json:"more,omitempty" doc:"the other rules of the item, one sentence each: 12个月内再犯，按2倍计"`
}

// Review says how many people must approve before a record takes effect. Direct is true exactly when Levels is 0.
type Review struct {
	Levels int  `json:"levels" doc:"approvals by people other than the author"`
	Direct bool `json:"direct" doc:"takes effect as it is entered"`
	Panel  bool `json:"panel,omitempty" doc:"the panel decides by vote"`

	Average bool `json:"average,omitempty" doc:"what the household gives itself and what the panel gives count half each"`
}

// Ways in which records come in.
const (
	WayEntry = "entry" // 工作人员登记
	WayClaim = "claim" // 本户自己申报
	WayPeer  = "peer"  // 别的户报送
)

// Allows reports whether records of the item come in this way.
func (i *Item) Allows(way string) bool { return slices.Contains(i.Ways, way) }

// WarnFirst makes the first record within a validity a warning of 0 points.
type WarnFirst struct {
	Term
	FixDays int `json:"fix_days,omitempty" doc:"days to put it right; until then, and on until it is closed, the fault is open"`
}

// Repeat makes a like record within a validity cost, or earn, more.
type Repeat struct {
	Term
	Factor int64 `json:"factor" doc:"thousandths: 2000 doubles"`
	Each   bool  `json:"each,omitempty" doc:"once more for every earlier one: twice, four times, eight times"`
}

// Effects are what a record does beside its points, unless it is only a warning.
type Effects struct {
	Zero []string    `json:"zero,omitempty" doc:"wallets that are emptied"`
	Tags []TagEffect `json:"tags,omitempty"`
}

// TagEffect puts a tag on the account for a term.
type TagEffect struct {
	Kind    string   `json:"kind" enum:"veto,barred,suspended,open_fault"`
	Term    *Term    `json:"term,omitempty"`
	FixDays int      `json:"fix_days,omitempty" doc:"open_fault: days to put it right"`
	Rounds  []string `json:"rounds,omitempty" doc:"veto: the award rounds it bars from; empty: all"`
}

// Repair is what is left of a record after it was put right and a written promise was given.
type Repair struct {
	Points points.Amount `json:"points" doc:"what still counts, with its sign"`
}

// Calendar are the days on which an item is checked; a deed of another day is refused.
type Calendar struct {
	Weekdays []int `json:"weekdays,omitempty" doc:"1 Monday to 7 Sunday"`
	From     int   `json:"from,omitempty" doc:"first day of the month"`
	To       int   `json:"to,omitempty" doc:"last day of the month, inclusive"`
}

// Deducts reports whether the item can only take points away.
func (i *Item) Deducts() bool { lo, hi := i.Value.Bounds(); return lo < 0 && hi <= 0 }

// InForce reports whether the item covers deeds of a day.
func (i *Item) InForce(day clock.Day) bool {
	return (i.From == 0 || i.From <= day) && (i.To == 0 || day <= i.To)
}

// reach is the least and the most that a record can count for anybody before limits and the factors of campaigns and
// repetitions.
func (i *Item) reach() (lo, hi points.Amount) {
	least, most := i.Value.Bounds()
	lo, hi = least, most
	for _, p := range i.Parties {
		a, b := p.amount(least), p.amount(most)
		lo, hi = min(lo, a, b), max(hi, a, b)
	}
	if i.State != "" || i.Conflict != "" || i.Value.Kind == ValueMilestones {
		lo, hi = min(lo, -hi), max(hi, -lo) // what was given before may be taken back
	}
	return lo, hi
}

// effects are all that a record of the item may have.
func (i *Item) effects() []*Effects {
	var out []*Effects
	if i.Effects != nil {
		out = append(out, i.Effects)
	}
	for k := range i.Value.Grades {
		if e := i.Value.Grades[k].Effects; e != nil {
			out = append(out, e)
		}
	}
	return out
}

// RestsOnBalance reports whether a decision of the item depends on what the account had at that moment, so that it cannot
// be decided anew later.
func (i *Item) RestsOnBalance() bool {
	return i.Set || slices.ContainsFunc(i.effects(), func(e *Effects) bool { return len(e.Zero) > 0 })
}

// Plain reports whether a record of the item says and counts nothing beside its own account.
func (i *Item) Plain() bool {
	return len(i.Parties) == 0 && i.Repair == nil && (i.WarnFirst == nil || i.WarnFirst.FixDays == 0) && i.Valid == nil && i.Value.Kind != ValueSheet && i.Value.Kind != ValuePerPerson
}
