package scheme

import (
	"slices"
	"testing"

	"hefen/internal/points"
)

// TestRemaining: what is left of every limit, as it would bind the next record; nothing where points are taken.
func TestRemaining(t *testing.T) {
	s := parseVillage(t)
	const pt = points.Point
	sweep := Case{Item: "sweep", OccurredOn: 20260331, Account: 7, Member: 70}
	for _, c := range []struct {
		name    string
		c       Case
		history []Decided
		want    []string
	}{
		{"untouched", sweep, nil, []string{"本月这件事上限3分，还剩3分", "本月“环境”类上限12分，还剩12分", "当天个人各项合计上限25分，还剩25分", "当天各项合计上限30分，还剩30分"}},
		{"partly used", sweep, []Decided{had(1, "sweep", "eco", 20260301, 2*pt), had(2, "tree", "eco", 20260301, 10*pt)},
			[]string{"本月这件事上限3分，还剩1分", "本月“环境”类上限12分，还剩0分", "当天个人各项合计上限25分，还剩25分", "当天各项合计上限30分，还剩30分"}},
		{"times", Case{Item: "tree", OccurredOn: 20260331, Account: 7, Member: 70}, []Decided{had(1, "tree", "eco", 20260331, 10*pt)},
			[]string{"当天这件事最多记1次，还能记0次", "本月“环境”类上限12分，还剩2分", "当天个人各项合计上限25分，还剩15分", "当天各项合计上限30分，还剩20分"}},
		{"a deduction", Case{Item: "burn", OccurredOn: 20260331, Account: 7}, nil, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.c.Household = 7
			got, err := Remaining(s, c.c, NewFacts(c.history))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
	if _, err := Remaining(s, Case{Item: "nothing", OccurredOn: 20260331}, nil); err == nil {
		t.Error("an item that is not there has nothing left")
	}
}
