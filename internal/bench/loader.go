package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

// loader inserts the rows that the features would have inserted one by one.
type loader struct {
	db           *storage.DB
	size         Size
	today        clock.Day
	ms           int64
	county, town id.ID
	hash         [sha256.Size]byte
	t            map[string]*rows // of the village being loaded
}

func newLoader(ctx context.Context, env Env, size Size) (*loader, error) {
	at := env.Now()
	l := &loader{db: env.DB, size: size, today: clock.DayOf(at), ms: clock.Ms(at), hash: sha256.Sum256(schemeSource)}
	err := l.db.QueryRow(ctx, "SELECT c.id, t.id FROM regions c JOIN regions t ON t.parent_id = c.id WHERE c.kind = 'county' AND c.code = ?", countyCode).
		Scan(&l.county, &l.town)
	if !errors.Is(err, sql.ErrNoRows) {
		return l, err
	}
	l.county, l.town = l.db.NewID(), l.db.NewID()
	return l, l.db.InTx(ctx, func(tx *storage.Tx) error {
		l.begin()
		l.region(l.county, 0, village.County, 0, 0, countyCode, "性能测试县")
		l.region(l.town, l.county, village.Town, l.town, 0, "T1", "性能测试镇")
		inspector := tx.NewID()
		l.t["users"].add(int64(inspector), "检查员", "active", []byte{}, []byte{}, l.ms, 0)
		l.t["identities"].add(wechat.FakeAppID, inspectorOpenID, "", int64(inspector), l.ms)
		return l.insert(tx)
	})
}

// tables, in the order of insertion.
var tables = []rows{
	{table: "regions", columns: "id, parent_id, kind, county_id, town_id, village_id, code, name, pinyin, rev, from_day, to_day, into_id", width: 13},
	{table: "households", columns: "id, village_id, number, name, pinyin, initials, created_at, from_day, to_day", width: 9},
	{table: "household_groups", columns: "id, village_id, household_id, group_id, from_day, to_day, set_by", width: 7},
	{table: "members", columns: "id, village_id, name, pinyin, initials, phone_enc, phone_idx, idno_enc, idno_idx, born_on, created_at", width: 11},
	{table: "memberships", columns: "id, village_id, member_id, household_id, relation, from_day, to_day, set_by", width: 8},
	{table: "accounts", columns: "id, village_id, kind, closed_on, rev", width: 5},
	{table: "scheme_versions", columns: "id, village_id, number, title, source, hash, adopted_on, filed_on, from_day, created_at, created_by", width: 11},
	{table: "users", columns: "id, name, state, phone_enc, phone_idx, created_at, rev", width: 7},
	{table: "identities", columns: "appid, openid, unionid, user_id, created_at", width: 5},
	{table: "user_roles", columns: "id, user_id, role, village_id, shop_id, group_id, region_id, from_day, to_day, granted_by, granted_at, ended_by, ended_at", width: 13},
	{table: "shops", columns: "id, owner_id, name, address, hours, state, created_by, created_at, rev", width: 9},
	{table: "shop_villages", columns: "shop_id, village_id, from_day, to_day, set_by", width: 5},
	{table: "goods", columns: "id, shop_id, class, name, unit, barcode, note, state, reorder_at, created_by, created_at, rev", width: 12},
	{table: "goods_prices", columns: "id, goods_id, from_day, price, set_by, set_at", width: 6},
	{table: "stock_lots", columns: "id, shop_id, goods_id, source, origin, cost_fen, expires_on, qty_left, qty_in, received_on, received_at, received_by, rev", width: 13},
	{table: "stock_moves", columns: "id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at", width: 12},
	{table: "cases", columns: caseColumns, width: 33},
	{table: "entries", columns: entryColumns, width: 26},
	{table: "balances", columns: "account_id, wallet, bucket, kind, amount, seq", width: 6},
	{table: "totals", columns: "account_id, wallet, span, village_id, kind, amount", width: 6},
}

func (l *loader) begin() {
	l.t = map[string]*rows{}
	for _, t := range tables {
		l.t[t.table] = &t
	}
}

func (l *loader) region(r, parent id.ID, kind string, town, of id.ID, code, name string) {
	pinyin, _ := village.Pinyin(name)
	l.t["regions"].add(int64(r), int64(parent), kind, int64(l.county), int64(town), int64(of), code, name, pinyin, 0, int64(firstDay), int64(clock.Forever), 0)
}

// firstDay is from when everything in the county is in force.
const firstDay clock.Day = 20200101

const groups = 8 // of a village

// village loads the village with an index: its people, accounts, rules, officials, shop and history.
func (l *loader) village(ctx context.Context, v int) error {
	return l.db.InTx(ctx, func(tx *storage.Tx) error {
		l.begin()
		here, official, version := tx.NewID(), tx.NewID(), tx.NewID()
		l.region(here, l.town, village.Village, l.town, here, villageCode(v), fmt.Sprintf("测试%d村", v+1))
		var gs []id.ID
		for g := range groups {
			gs = append(gs, tx.NewID())
			l.region(gs[g], here, village.Group, l.town, here, fmt.Sprint(g+1), fmt.Sprintf("第%d组", g+1))
			l.t["accounts"].add(int64(gs[g]), int64(here), village.OwnerGroup, int64(clock.Forever), 0)
		}
		l.t["scheme_versions"].add(int64(version), int64(here), 1, "性能测试积分细则", schemeSource, l.hash[:], int64(firstDay), int64(firstDay), int64(firstDay), l.ms, 0)
		shop := l.shop(tx, here, official)
		l.official(tx, v, here, shop, official)
		h := history{loader: l, tx: tx, village: here, official: official, version: version}
		for n := range l.size.of(v) {
			household := l.household(tx, here, gs[n%groups], n)
			h.of(household, gs[n%groups], n)
		}
		if err := l.insert(tx); err != nil {
			return err
		}
		return copyToFloor(tx, here, shop)
	})
}

func (l *loader) insert(tx *storage.Tx) error {
	for _, t := range tables {
		if err := l.t[t.table].insert(tx); err != nil {
			return err
		}
	}
	return nil
}

var (
	surnames = []rune("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨")
	given    = []rune("建国秀英志强桂兰文明玉华春生德福")
)

func (l *loader) household(tx *storage.Tx, here, group id.ID, n int) id.ID {
	h := tx.NewID()
	head := string([]rune{surnames[n%len(surnames)], given[n/3%len(given)], given[n/7%len(given)]})
	pinyin, initials := village.Pinyin(head)
	l.t["households"].add(int64(h), int64(here), fmt.Sprintf("%04d", n+1), head, pinyin, initials, l.ms, int64(firstDay), int64(clock.Forever))
	l.t["household_groups"].add(int64(tx.NewID()), int64(here), int64(h), int64(group), int64(firstDay), int64(clock.Forever), 0)
	l.t["accounts"].add(int64(h), int64(here), village.OwnerHousehold, int64(clock.Forever), 0)
	for i, relation := range []string{village.Head, "配偶"} {
		m := tx.NewID()
		l.t["members"].add(int64(m), int64(here), head, pinyin, initials, []byte{}, []byte{}, []byte{}, []byte{}, int64(19700101+i*10000), l.ms)
		l.t["memberships"].add(int64(tx.NewID()), int64(here), int64(m), int64(h), relation, int64(firstDay), int64(clock.Forever), 0)
		l.t["accounts"].add(int64(m), int64(here), village.OwnerPerson, int64(clock.Forever), 0)
	}
	return h
}

// official is the user who records, redeems and reads in the village: a team member who also keeps the shop.
func (l *loader) official(tx *storage.Tx, v int, here, shop, user id.ID) {
	l.t["users"].add(int64(user), fmt.Sprintf("队员%d", v+1), "active", []byte{}, []byte{}, l.ms, 0)
	l.t["identities"].add(wechat.FakeAppID, "demo-"+loginCode(v), "", int64(user), l.ms)
	l.t["user_roles"].add(int64(tx.NewID()), int64(user), string(access.TeamMember), int64(here), 0, 0, 0, int64(firstDay), int64(clock.Forever), 0, l.ms, 0, 0)
	l.t["user_roles"].add(int64(tx.NewID()), int64(user), string(access.Keeper), int64(here), int64(shop), 0, 0, int64(firstDay), int64(clock.Forever), 0, l.ms, 0, 0)
}

// inspectorOpenID names who fills in the inspections that the officials decide.
const inspectorOpenID = "demo-bench-inspector"

func loginCode(v int) string { return fmt.Sprintf("bench-%d", v+1) }

func (l *loader) shop(tx *storage.Tx, here, by id.ID) id.ID {
	shop := tx.NewID()
	l.t["shops"].add(int64(shop), int64(here), "积分超市", "", "", "open", int64(by), l.ms, 0)
	l.t["shop_villages"].add(int64(shop), int64(here), int64(firstDay), int64(clock.Forever), int64(by))
	for g := range goodsCount {
		goods, lot := tx.NewID(), tx.NewID()
		l.t["goods"].add(int64(goods), int64(shop), "", fmt.Sprintf("香皂%d号", g+1), "块", "", "", "on", 0, int64(by), l.ms, 0)
		l.t["goods_prices"].add(int64(tx.NewID()), int64(goods), int64(firstDay), price, int64(by), l.ms)
		l.t["stock_lots"].add(int64(lot), int64(shop), int64(goods), "purchase", "", 0, int64(clock.Forever), pieces, pieces, int64(firstDay), l.ms, int64(by), 0)
		l.t["stock_moves"].add(int64(tx.NewID()), int64(shop), int64(goods), int64(lot), "purchase", pieces, int64(tx.NewID()), 0, "", int64(by), int64(firstDay), l.ms)
	}
	return shop
}
