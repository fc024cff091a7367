package village

import (
	"context"
	"database/sql"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Page sizes of lists.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Household is a household as lists show it.
type Household struct {
	ID        id.ID     `json:"id"`
	Number    string    `json:"number"`
	Name      string    `json:"name" doc:"the householder's name, masked for those who may not see it"`
	Group     id.ID     `json:"group_id" doc:"0 if none"`
	GroupName string    `json:"group_name"`
	Status    string    `json:"status" enum:"resident,away,suspended,moved,dead,dissolved"`
	Flags     []string  `json:"flags"`
	Members   int       `json:"members" doc:"how many people belong to it"`
	From      clock.Day `json:"from_day"`
	To        clock.Day `json:"to_day"`
	pinyin    string
}

// Filter narrows a list of households.
type Filter struct {
	Q      string    // number from its beginning, name, pinyin or initials ("zs"); a member's name finds the household too
	Group  id.ID     // 0 is all
	Day    clock.Day // as of; zero is today
	Cursor string    // of the page before
	Limit  int       // 0 is DefaultLimit
}

// List is a page of the households of a village in order of pinyin, with the cursor of the next page ("" at the end).
func (s *Service) List(ctx context.Context, village id.ID, f Filter) ([]Household, string, error) {
	if f.Day == 0 {
		f.Day = s.Today()
	}
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	f.Limit = min(f.Limit, MaxLimit)
	where, args := "", []any{}
	if f.Group != 0 {
		where += ` AND g.group_id = ?`
		args = append(args, f.Group)
	}
	if q := strings.TrimSpace(f.Q); q != "" {
		w, a := searchClause(q, f.Day)
		where, args = where+w, append(args, a...)
	}
	if f.Cursor != "" {
		after, pinyin, err := readCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		where += ` AND (h.pinyin > ? OR (h.pinyin = ? AND h.id > ?))`
		args = append(args, pinyin, pinyin, after)
	}
	page, err := s.households(ctx, village, f.Day, where+` ORDER BY h.pinyin, h.id LIMIT `+strconv.Itoa(f.Limit+1), args...)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(page) > f.Limit {
		page = page[:f.Limit]
		last := page[f.Limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.ID.String() + "|" + last.pinyin))
	}
	return page, next, s.addStates(ctx, page, f.Day)
}

func readCursor(c string) (after id.ID, pinyin string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(c)
	n, pinyin, ok := strings.Cut(string(b), "|")
	if err == nil && ok {
		after, err = id.Parse(n)
	}
	if err != nil || !ok {
		return 0, "", ErrInvalid.With("翻页标记不对，请从第一页重新开始。")
	}
	return after, pinyin, nil
}

// searchClause matches what a person types to find a household.
func searchClause(q string, day clock.Day) (string, []any) {
	esc := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace
	if r := []rune(q); len(r) > 30 {
		q = string(r[:30])
	}
	low := esc(strings.ToLower(strings.ReplaceAll(q, " ", ""))) + "%"
	exact := esc(q) + "%"
	return ` AND (h.number LIKE ? ESCAPE '!' OR h.name LIKE ? ESCAPE '!' OR h.initials LIKE ? ESCAPE '!' OR REPLACE(h.pinyin, ' ', '') LIKE ? ESCAPE '!'
		OR EXISTS (SELECT 1 FROM household_aliases a WHERE a.household_id = h.id AND a.number LIKE ? ESCAPE '!')
		OR EXISTS (SELECT 1 FROM memberships b JOIN members m ON m.id = b.member_id
			WHERE b.household_id = h.id AND b.from_day <= ? AND b.to_day > ? AND m.name LIKE ? ESCAPE '!'))`,
		[]any{exact, exact, low, low, exact, day, day, exact}
}

// Get is a household in force on a day, by its id. It returns ErrNoHousehold.
func (s *Service) Get(ctx context.Context, village, household id.ID, day clock.Day) (Household, error) {
	found, err := s.households(ctx, village, day, ` AND h.id = ?`, household)
	if err != nil {
		return Household{}, err
	}
	if len(found) == 0 {
		return Household{}, ErrNoHousehold
	}
	return found[0], s.addStates(ctx, found, day)
}

// ByNumber finds the household that has a number on a day, or that once had it: several if merged villages
// used the same one. It returns ErrNoHousehold.
func (s *Service) ByNumber(ctx context.Context, village id.ID, number string, day clock.Day) ([]Household, error) {
	found, err := s.households(ctx, village, day, ` AND h.number = ?`, number)
	if err == nil && len(found) == 0 {
		found, err = s.households(ctx, village, day, ` AND h.id IN (SELECT a.household_id FROM household_aliases a WHERE a.village_id = ? AND a.number = ?) ORDER BY h.pinyin, h.id LIMIT 20`,
			village, number)
	}
	return s.atLeastOne(ctx, found, day, err)
}

// ByName finds the households whose householder or one of whose members is so called, at most 20. It returns ErrNoHousehold.
func (s *Service) ByName(ctx context.Context, village id.ID, name string, day clock.Day) ([]Household, error) {
	found, err := s.households(ctx, village, day, ` AND (h.name = ? OR EXISTS (SELECT 1 FROM memberships b JOIN members m ON m.id = b.member_id
		WHERE b.household_id = h.id AND b.from_day <= ? AND b.to_day > ? AND m.name = ?)) ORDER BY h.pinyin, h.id LIMIT 20`, name, day, day, name)
	return s.atLeastOne(ctx, found, day, err)
}

// ByCode finds the household of a code. It returns ErrCodeUnknown (another village's too) or ErrCodeDead.
func (s *Service) ByCode(ctx context.Context, village id.ID, code string) (Household, error) {
	of, household, err := s.HouseholdByCode(ctx, code)
	if err != nil {
		return Household{}, err
	}
	if of != village {
		return Household{}, ErrCodeUnknown
	}
	return s.Get(ctx, village, household, s.Today())
}

func (s *Service) atLeastOne(ctx context.Context, found []Household, day clock.Day, err error) ([]Household, error) {
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNoHousehold
	}
	return found, s.addStates(ctx, found, day)
}

func (s *Service) households(ctx context.Context, village id.ID, day clock.Day, rest string, args ...any) ([]Household, error) {
	rows, err := s.db.Query(ctx, `SELECT h.id, h.number, h.name, h.pinyin, COALESCE(g.group_id, 0), COALESCE(r.name, ''), h.from_day, h.to_day,
		(SELECT COUNT(*) FROM memberships c WHERE c.household_id = h.id AND c.from_day <= ? AND c.to_day > ?)
		FROM households h
		LEFT JOIN household_groups g ON g.household_id = h.id AND g.from_day <= ? AND g.to_day > ?
		LEFT JOIN regions r ON r.id = g.group_id
		WHERE h.village_id = ? AND h.from_day <= ? AND h.to_day > ?`+rest,
		append([]any{day, day, day, day, village, day, day}, args...)...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (h Household, err error) {
		h.Status, h.Flags = Resident, []string{}
		err = rows.Scan(&h.ID, &h.Number, &h.Name, &h.pinyin, &h.Group, &h.GroupName, &h.From, &h.To, &h.Members)
		return h, err
	})
}

// addStates fills in statuses and flags of a page.
func (s *Service) addStates(ctx context.Context, page []Household, day clock.Day) error {
	if len(page) == 0 {
		return nil
	}
	at := make(map[id.ID]int, len(page))
	ids := make([]id.ID, len(page))
	for i, h := range page {
		at[h.ID], ids[i] = i, h.ID
	}
	states, err := s.states(ctx, householdStates, ids, day)
	if err != nil {
		return err
	}
	for owner, st := range states {
		h := &page[at[owner]]
		if st.Status != "" {
			h.Status = st.Status
		}
		h.Flags = append(h.Flags, st.Flags...)
	}
	return nil
}

// ownStates is the status (empty for resident) and the sorted flags of an owner.
type ownStates struct {
	Status string
	Flags  []string
}

func (s *Service) states(ctx context.Context, t stateTable, owners []id.ID, day clock.Day) (map[id.ID]ownStates, error) {
	owners = storage.Padded(owners)
	rows, err := s.db.Query(ctx, `SELECT `+t.owner+`, kind, value FROM `+t.table+` WHERE from_day <= ? AND to_day > ? AND `+t.owner+` IN `+storage.In(len(owners)),
		storage.Args(owners, day, day)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[id.ID]ownStates{}
	for rows.Next() {
		var owner id.ID
		var kind, value string
		if err := rows.Scan(&owner, &kind, &value); err != nil {
			return nil, err
		}
		st := all[owner]
		if kind == kindStatus {
			st.Status = value
		} else {
			st.Flags = append(st.Flags, value)
			slices.Sort(st.Flags)
		}
		all[owner] = st
	}
	return all, rows.Err()
}
