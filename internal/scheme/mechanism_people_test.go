package scheme

import (
	"errors"
	"strings"
	"testing"

	"hefen/internal/id"
	"hefen/internal/points"
)

func init() {
	for name, test := range map[string]func(*testing.T){
		"A1_whose_account":           mechanismA1,
		"A2_actor_is_not_account":    mechanismA2,
		"A3_amount_by_role":          mechanismA3,
		"A4_both_sides":              mechanismA4,
		"A5_householder":             mechanismA5,
		"A6_times_members":           mechanismA6,
		"A7_team_and_once_per_event": mechanismA7,
		"A8_officials_apart":         mechanismA8,
		"A9_linked_households":       mechanismA9,
		"A10_for_whom":               mechanismA10,
		"G7_collector_too":           mechanismG7,
	} {
		mechanisms[name] = test
	}
}

// party is somebody of a household of the same number.
func party(role string, account id.ID) Party {
	return Party{Role: role, Account: account, Household: account, Member: account * 10, Group: 3}
}

// counted is what a decision counts for each role, in the order of the file.
func counted(d Decision) string {
	var out []string
	for _, sh := range d.Shares {
		out = append(out, sh.Role+" "+sh.Counted.Signed())
	}
	return strings.Join(out, ", ")
}

func (d *diary) shares(t *testing.T, c Case, own points.Amount, want string) Decision {
	t.Helper()
	dec, err := d.do(c)
	if err != nil || dec.Counted != own || counted(dec) != want {
		t.Errorf("%s: counted %s and %q, want %s and %q: %v", c.Item, dec.Counted, counted(dec), own, want, err)
	}
	return dec
}

func mechanismA1(t *testing.T) {
	for subject, member := range map[string]bool{SubjectHousehold: false, SubjectPerson: true, SubjectPooled: true, SubjectGroup: false} {
		s, problems := Parse([]byte("format: 1\ntitle: 某村\nsubject: " + subject + "\nwallets: [{code: year, name: 年度积分, kind: score}]\nclasses: [{code: a, name: 甲}]\n" +
			"items:\n  - {code: a, name: 甲, class: a, points: 2}\n  - {code: g, name: 乙, class: a, points: 3, subject: group}\n  - {code: p, name: 丙, class: a, points: 4, subject: person}\n"))
		if s == nil {
			t.Fatal(problems)
		}
		deed := Case{ID: 1, Item: "a", OccurredOn: 20260301, Account: 7}
		if err := s.Validate(deed); errors.Is(err, ErrNeedsMember) != member {
			t.Errorf("%s: %v", subject, err)
		}
		deed.Member = 70
		d, err := Decide(s, deed, NewFacts(nil))
		if err != nil || len(d.Changes) != 1 || d.Changes[0].Account != 7 || d.Changes[0].Amount != 200 || d.Changes[0].Member != 70 {
			t.Errorf("%s: %+v %v", subject, d, err)
		}
		if err := s.Validate(Case{Item: "g", OccurredOn: 20260301, Account: 3}); err != nil {
			t.Errorf("%s: an item of the group wants a member: %v", subject, err)
		}
		if err := s.Validate(Case{Item: "p", OccurredOn: 20260301, Account: 3}); !errors.Is(err, ErrNeedsMember) {
			t.Errorf("%s: an item of a person wants none: %v", subject, err)
		}
	}
}

// Body donation credits the parents or the spouse, not the one who gave.
func mechanismA2(t *testing.T) {
	d := table(t, "", "{code: body, name: 遗体捐献, class: free, points: 50, parties: [{role: heir, name: 受益人, who: named, relations: [父母, 配偶], max: 2}]}")
	heir := party("heir", 8)
	deed := Case{Item: "body", OccurredOn: 20260301}
	if _, err := d.do(deed); err == nil {
		t.Error("nobody is credited")
	}
	heir.Relation = "侄子"
	deed.Parties = []Party{heir}
	if _, err := d.do(deed); err == nil || !strings.Contains(err.Error(), "父母、配偶") {
		t.Errorf("a nephew is credited: %v", err)
	}
	heir.Relation = "配偶"
	deed.Parties = []Party{heir}
	d.shares(t, deed, 0, "heir +50")
	if d.has(7, "year") != 0 || d.has(8, "year") != 5000 {
		t.Errorf("giver %s, spouse %s", d.has(7, "year"), d.has(8, "year"))
	}
	other := party("heir", 9)
	other.Relation = "父母"
	deed.Parties = []Party{heir, other}
	d.shares(t, deed, 0, "heir +50, heir +50")
	deed.Parties = []Party{heir, other, party("heir", 10)}
	if _, err := d.do(deed); err == nil {
		t.Error("three where two may be named")
	}
}

func mechanismA3(t *testing.T) {
	d := table(t, "", "{code: late, name: 工作落后, class: free, points: -5, parties: [{role: secretary, name: 支部书记, who: self}, {role: director, name: 村主任, who: named, points: -3}]}")
	d.shares(t, Case{Item: "late", OccurredOn: 20260301, Parties: []Party{party("director", 8)}}, -500, "director -3")
	if d.has(7, "year") != -500 || d.has(8, "year") != -300 {
		t.Errorf("secretary %s, director %s", d.has(7, "year"), d.has(8, "year"))
	}
}

func mechanismA4(t *testing.T) {
	d := table(t, "", "{code: row, name: 邻里争吵, class: free, points: -5, parties: [{role: self, name: 本户, who: self}, {role: other, name: 另一方, who: named}], warn_first: {months: 12}}")
	deed := Case{Item: "row", OccurredOn: 20260301, Parties: []Party{party("other", 8)}}
	d.shares(t, deed, 0, "other 0") // both are warned
	deed.OccurredOn = 20260401
	d.shares(t, deed, -500, "other -5")
	deed.Parties = []Party{party("other", 9)}
	deed.OccurredOn = 20260402
	if dec := d.shares(t, deed, -500, "other 0"); !dec.Shares[0].Warned || dec.Warned {
		t.Errorf("each side is warned for itself: %+v", dec)
	}
	deed.Parties = []Party{{Role: "other", Account: 7, Member: 70}}
	if _, err := d.do(deed); err == nil {
		t.Error("a quarrel with oneself")
	}
}

func mechanismA5(t *testing.T) {
	d := table(t, "", "{code: dirt, name: 门前脏乱, class: eco, points: -2, parties: [{role: head, name: 户主, who: householder}]}")
	d.shares(t, Case{Item: "dirt", OccurredOn: 20260301, Parties: []Party{{Role: "head", Account: 700, Member: 70}}}, 0, "head -2")
	if d.has(700, "year") != -200 || d.has(7, "year") != 0 {
		t.Errorf("householder %s, household %s", d.has(700, "year"), d.has(7, "year"))
	}
}

func mechanismA6(t *testing.T) {
	d := table(t, "", "{code: insured, name: 按人奖励, class: free, points: 2, times: members}", "{code: vote, name: 村民大会, class: free, points: 1.5, times: adults}",
		"{code: clean, name: 集体清扫, class: eco, per_person: {points: 2, max: 20}}")
	size := Who{Size: 4, Adults: 3}
	d.run(t,
		step{item: "insured", on: 20260301, want: 800, c: Case{Who: size}, say: "按家庭人口4人计"},
		step{item: "vote", on: 20260301, want: 450, c: Case{Who: size}, say: "3人"},
		step{item: "insured", on: 20260301, want: 0}, // an empty household
		step{item: "clean", on: 20260301, want: 1600, c: Case{Persons: 8}, say: "8人，每人2分，共16分"},
		step{item: "clean", on: 20260302, want: 2000, c: Case{Persons: 10}},
		step{item: "clean", on: 20260303, want: 2000, c: Case{Persons: 11}, say: "一次最多20分"})
}

// Twelve performers at two points each, capped at 20; one who dances in two teams counts once.
func mechanismA7(t *testing.T) {
	d := table(t, "", "{code: troupe, name: 文娱活动, class: free, subject: team, per_person: {points: 2, max: 20}, parties: [{role: member, name: 队员, who: named, min: 0, max: 50}]}")
	var team []Party
	for i := range id.ID(12) {
		team = append(team, Party{Role: "member", Account: 100 + i, Member: 1000 + i})
	}
	first := Case{Item: "troupe", OccurredOn: 20260301, Account: 50, Event: 5, Parties: team}
	if dec, err := d.do(first); err != nil || dec.Counted != 2000 || d.has(50, "year") != 2000 {
		t.Errorf("%+v %v", dec, err)
	}
	second := Case{Item: "troupe", OccurredOn: 20260301, Account: 51, Event: 5, Parties: []Party{team[0], team[11], {Role: "member", Account: 200, Member: 2000}}}
	if dec, err := d.do(second); err != nil || dec.Counted != 200 || !strings.Contains(strings.Join(dec.Reasons, ""), "另有2人在同一活动中已经记过") {
		t.Errorf("%+v %v", dec, err)
	}
	second.Event = 6 // another event
	if dec, err := d.do(second); err != nil || dec.Counted != 600 {
		t.Errorf("%+v %v", dec, err)
	}
	second.Parties = append(second.Parties, second.Parties[0])
	if _, err := d.do(second); err == nil {
		t.Error("a person was named twice")
	}
	if dec, err := d.do(Case{Item: "troupe", OccurredOn: 20260302, Account: 52, Persons: 3}); err != nil || dec.Counted != 600 {
		t.Errorf("counted, not named: %+v %v", dec, err)
	}
}

// Officials have items and a score of their own, in which nobody else is ranked.
func mechanismA8(t *testing.T) {
	src := `format: 1
title: 某村
subject: household
wallets:
  - {code: year, name: 年度积分, kind: score}
  - {code: duty, name: 履职积分, kind: score, earns: false}
classes: [{code: work, name: 履职}, {code: eco, name: 环境}]
items:
  - {code: patrol, name: 入户走访, class: work, subject: person, points: 3, credits: [duty], only: {states: [cadre, group_leader], say: 只给村组干部记}}
  - {code: slack, name: 工作不实, class: work, subject: person, points: -5, credits: [duty], only: {states: [cadre, group_leader]}}
  - {code: sweep, name: 清扫, class: eco, points: 1}
rounds:
  - {code: cadres, name: 干部评比, span: year, of: person, top: 1, rank_by: {wallets: [duty]}}
`
	s, problems := Parse([]byte(src))
	if s == nil {
		t.Fatal(problems)
	}
	d := newDiary(s)
	deed := Case{Item: "patrol", OccurredOn: 20260301, Account: 700, Member: 70}
	if _, err := d.do(deed); !errors.Is(err, ErrNotMeant) || !strings.Contains(err.Error(), "只给村组干部记") {
		t.Errorf("a villager on the officials' table: %v", err)
	}
	deed.Who.States = []string{"group_leader"}
	if dec, err := d.do(deed); err != nil || dec.Counted != 300 {
		t.Errorf("%+v %v", dec, err)
	}
	if d.has(700, "duty") != 300 || d.has(700, "year") != 0 {
		t.Errorf("duty %s, year %s", d.has(700, "duty"), d.has(700, "year"))
	}
}

// A party member answers for five households: a fault of one of them moves the member's score by a fifth.
func mechanismA9(t *testing.T) {
	d := table(t, "", "{code: dump, name: 乱倒垃圾, class: eco, points: -10, parties: [{role: self, name: 本户, who: self}, {role: keeper, name: 联系党员, who: linked, factor: 0.2}]}")
	d.shares(t, Case{Item: "dump", OccurredOn: 20260301, Parties: []Party{{Role: "keeper", Account: 900, Member: 90}}}, -1000, "keeper -2")
	d.shares(t, Case{Item: "dump", OccurredOn: 20260302, Account: 8, Parties: []Party{{Role: "keeper", Account: 900, Member: 90}}}, -1000, "keeper -2")
	d.shares(t, Case{Item: "dump", OccurredOn: 20260302, Account: 9}, -1000, "") // nobody answers for it
	if d.has(900, "year") != -400 {
		t.Errorf("keeper %s", d.has(900, "year"))
	}
}

func mechanismA10(t *testing.T) {
	d := table(t, "", "{code: old, name: 高龄, class: free, points: 1, only: {min_age: 60, max_age: 70}}",
		"{code: here, name: 常住, class: free, points: 1, only: {states: [resident, volunteer], not: [suspended, dead]}}",
		"{code: spring, name: 春耕, class: free, points: 1, only: {when: \"size >= 3 && month in [3, 4]\", say: 三四月份三口以上的家庭}}",
		"{code: pupil, name: 学生, class: free, points: 1, only: {when: \"age >= 6 && age < 18 && '学生' in states\"}}")
	for _, tt := range []struct {
		item string
		c    Case
		ok   bool
	}{
		{"old", Case{OccurredOn: 20260309, Who: Who{BornOn: 19660310}}, false}, // the day before 60
		{"old", Case{OccurredOn: 20260310, Who: Who{BornOn: 19660310}}, true},
		{"old", Case{OccurredOn: 20260310, Who: Who{BornOn: 19550311}}, true}, // still 70
		{"old", Case{OccurredOn: 20260311, Who: Who{BornOn: 19550311}}, false},
		{"old", Case{OccurredOn: 20260311}, false}, // nobody knows
		{"here", Case{OccurredOn: 20260311, Who: Who{States: []string{"resident"}}}, true},
		{"here", Case{OccurredOn: 20260311, Who: Who{States: []string{"away", "volunteer"}}}, true},
		{"here", Case{OccurredOn: 20260311, Who: Who{States: []string{"away"}}}, false},
		{"here", Case{OccurredOn: 20260311, Who: Who{States: []string{"suspended", "volunteer"}}}, false},
		{"here", Case{OccurredOn: 20260311}, false},
		{"spring", Case{OccurredOn: 20260430, Who: Who{Size: 3}}, true},
		{"spring", Case{OccurredOn: 20260501, Who: Who{Size: 3}}, false},
		{"spring", Case{OccurredOn: 20260430, Who: Who{Size: 2}}, false},
		{"pupil", Case{OccurredOn: 20260310, Who: Who{BornOn: 20080310, States: []string{"学生"}}}, false}, // 18 today
		{"pupil", Case{OccurredOn: 20260309, Who: Who{BornOn: 20080310, States: []string{"学生"}}}, true},
		{"pupil", Case{OccurredOn: 20260309, Who: Who{BornOn: 20080310}}, false},
	} {
		tt.c.Item = tt.item
		if _, err := d.do(tt.c); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrNotMeant) {
			t.Errorf("%s %+v: %v", tt.item, tt.c.Who, err)
		}
	}
}

// A collector who falsifies is scored too, and so is the resident in whose favour it was.
func mechanismG7(t *testing.T) {
	d := table(t, "", "{code: falsify, name: 弄虚作假, class: free, points: -40, parties: [{role: collector, name: 采集员, who: self}, {role: resident, name: 村民, who: named, points: -4, min: 0, max: 20}]}")
	d.shares(t, Case{Item: "falsify", OccurredOn: 20260301, Parties: []Party{party("resident", 8), party("resident", 9)}}, -4000, "resident -4, resident -4")
	d.shares(t, Case{Item: "falsify", OccurredOn: 20260301}, -4000, "")
}
