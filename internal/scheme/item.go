package scheme

import "hefen/internal/clock"

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
	Code        string     `json:"code"`
	Name        string     `json:"name"`
	Class       string     `json:"class"`
	Hint        string     `json:"hint,omitempty" doc:"how to earn it, or who verifies it, in the village's words"`
	Value       Value      `json:"value"`
	Credits     []string   `json:"credits" doc:"wallets that it moves"`
	Caps        []Cap      `json:"caps,omitempty"`
	Evidence    []string   `json:"evidence" doc:"any one of them is enough unless evidence_all; never empty"`
	EvidenceAll bool       `json:"evidence_all,omitempty" doc:"all of them are needed"`
	Review      Review     `json:"review"`
	WarnFirst   *WarnFirst `json:"warn_first,omitempty"`
	From        clock.Day  `json:"from,omitempty" doc:"first day of deeds that it covers; empty: always"`
	To          clock.Day  `json:"to,omitempty" doc:"last day of deeds that it covers, inclusive; empty: without end"`
	Words       ItemWords  `json:"words" doc:"the rule as people read it"`
}

// ItemWords is what the pages show, made once when the scheme is parsed.
type ItemWords struct {
	Class    string `json:"class" doc:"name of the class"`
	Value    string `json:"value" doc:"每次5分"`
	Caps     string `json:"caps" doc:"每月最多10分；每天最多1次; empty without caps"`
	Evidence string `json:"evidence" doc:"照片或双方确认"`
	Review   string `json:"review" doc:"直接生效, or 需1级审核"`
}

// Review says how many people must approve before a record takes effect. Direct is true exactly when Levels is 0.
type Review struct {
	Levels int  `json:"levels" doc:"approvals by people other than the author"`
	Direct bool `json:"direct" doc:"takes effect as it is entered"`
}

// WarnFirst makes the first record within a validity a warning of 0 points. Exactly one of the two is set.
type WarnFirst struct {
	Months int `json:"months,omitempty"`
	Days   int `json:"days,omitempty"`
}

// Deducts reports whether the item can only take points away.
func (i *Item) Deducts() bool { lo, hi := i.Value.Bounds(); return lo < 0 && hi <= 0 }

// InForce reports whether the item covers deeds of a day.
func (i *Item) InForce(day clock.Day) bool {
	return (i.From == 0 || i.From <= day) && (i.To == 0 || day <= i.To)
}

// ends is the first day on which a record of day d is no longer valid.
func (w *WarnFirst) ends(d clock.Day) clock.Day {
	if w.Days > 0 {
		return d.Add(w.Days)
	}
	return d.AddMonths(w.Months)
}

// reach is the days on which another record would make one of day d a repetition, on either side.
func (w *WarnFirst) reach(d clock.Day) (from, to clock.Day) {
	if w.Days > 0 {
		return d.Add(-w.Days), d.Add(w.Days)
	}
	return d.AddMonths(-w.Months), d.AddMonths(w.Months)
}

// like reports whether records of days d and e lie within one validity of each other.
func (w *WarnFirst) like(d, e clock.Day) bool {
	if e > d {
		d, e = e, d
	}
	return d < w.ends(e)
}
