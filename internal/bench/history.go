package bench

import (
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// caseColumns and entryColumns are written by the floor too.
const (
	caseColumns = "id, village_id, batch_id, account_id, household_id, member_id, group_id, item, item_name, class, scheme_id, occurred_on, " +
		"counted_on, state, entered_as, points, grade, grade_name, quantity, note, value, counted, warned, reasons, decided_no, revision, levels, " +
		"approvals, author, decider, created_at, decided_at, changed_at"
	entryColumns = "id, village_id, posting_id, line, kind, ref, batch_id, corrects_id, by_user, account_id, wallet, bucket, seq, amount, " +
		"balance_after, expires_on, occurred_on, counted_on, created_at, case_id, member_id, group_id, item, class, scheme_id, title"
)

const reasons = `["参加环境清扫：2分","本月“参加环境清扫”累计不超过80000分"]`

// deed is one award of one household as it is stored: its case and its entries.
type deed struct {
	village, account, group id.ID
	by, version             id.ID
	batch, id, posting      id.ID
	item, name              string
	grade, gradeName        string
	amount                  int64
	day                     clock.Day
	ms                      int64
}

func (d *deed) caseRow(args []any) []any {
	return append(args, int64(d.id), int64(d.village), int64(d.batch), int64(d.account), int64(d.account), 0, int64(d.group), d.item, d.name, "eco",
		int64(d.version), int64(d.day), int64(d.day), "effective", "effective", 0, d.grade, d.gradeName, 0, "", d.amount, d.amount, 0, reasons,
		int64(d.id), 0, 0, 0, int64(d.by), int64(d.by), d.ms, d.ms, d.ms)
}

func (d *deed) entryRow(args []any, entry id.ID, line int, wallet string, seq, after int64) []any {
	return append(args, int64(entry), int64(d.village), int64(d.posting), line, "award", d.id.String(), int64(d.batch), 0, int64(d.by), int64(d.account),
		wallet, "available", seq, d.amount, after, 0, int64(d.day), int64(d.day), d.ms, int64(d.id), 0, int64(d.group), d.item, "eco", int64(d.version), d.name)
}

// history gives each household points to spend and one award a week.
type history struct {
	*loader
	tx                *storage.Tx
	village           id.ID
	official, version id.ID
}

func (h *history) of(household, group id.ID, n int) {
	entries := h.t["entries"]
	posting := h.tx.NewID()
	entries.add(int64(h.tx.NewID()), int64(h.village), int64(posting), 0, "opening", "opening:"+household.String(), 0, 0, int64(h.official), int64(household),
		"spend", "available", 1, startPoints, startPoints, 0, int64(firstDay), int64(firstDay), h.ms, 0, 0, int64(group), "", "", int64(h.version), "期初积分")
	totals := map[clock.Span]int64{}
	var spans []clock.Span
	sum, seq := int64(0), int64(0)
	for week := range h.size.Weeks {
		day := h.dayOf(week)
		c := h.tx.NewID()
		d := deed{village: h.village, account: household, group: group, by: h.official, version: h.version, batch: c, id: c, posting: h.tx.NewID(),
			item: "award", name: "参加环境清扫", amount: int64(100 + (n*7+week*13)%50*10), day: day, ms: h.ms}
		sum, seq = sum+d.amount, seq+1
		h.t["cases"].args = d.caseRow(h.t["cases"].args)
		entries.args = d.entryRow(entries.args, h.tx.NewID(), 0, "spend", seq+1, startPoints+sum)
		entries.args = d.entryRow(entries.args, h.tx.NewID(), 1, "year", seq, sum)
		for _, s := range []clock.Span{clock.MonthSpan(day), clock.YearSpan(day)} {
			if _, ok := totals[s]; !ok {
				spans = append(spans, s)
			}
			totals[s] += d.amount
		}
	}
	h.t["balances"].add(int64(household), "spend", "available", "spend", startPoints+sum, seq+1)
	h.t["balances"].add(int64(household), "year", "available", "score", sum, seq)
	for _, s := range spans {
		h.t["totals"].add(int64(household), "year", int64(s), int64(h.village), village.OwnerHousehold, totals[s])
	}
}
