package village

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Levels of a region.
const (
	County  = "county"
	Town    = "town"
	Village = "village"
	Group   = "group"
)

// Region is a county, town, village or group. The ids of the levels above it stand in it, so that scope needs no walk.
type Region struct {
	ID      id.ID     `json:"id"`
	Parent  id.ID     `json:"parent_id" doc:"the region it belongs to; 0 for a county"`
	Kind    string    `json:"kind" enum:"county,town,village,group"`
	County  id.ID     `json:"county_id"`
	Town    id.ID     `json:"town_id"`
	Village id.ID     `json:"village_id"`
	Code    string    `json:"code" doc:"official code, unique within the parent"`
	Name    string    `json:"name"`
	Pinyin  string    `json:"-"`
	From    clock.Day `json:"from_day"`
	To      clock.Day `json:"to_day" doc:"9999-12-31 while it exists"`
	Into    id.ID     `json:"into_id" doc:"the region it was merged into, 0 if none"`
}

// NewRegion is what a region is made of. A code is the official one (county 6 digits, town 9, village 12); a group has
// one of the village's choosing, such as 01.
type NewRegion struct {
	Code string    `json:"code" minLength:"1" maxLength:"32"`
	Name string    `json:"name" minLength:"1" maxLength:"30"`
	From clock.Day `json:"from_day,omitempty"` // zero is today
}

// CreateCounty, CreateTown and CreateVillage enter a region under its parent; they return ErrInvalid, ErrCodeTaken
// or ErrNoVillage when the parent is missing or of another level.
func (s *Service) CreateCounty(ctx context.Context, n NewRegion) (Region, error) {
	return s.createRegion(ctx, 0, County, n)
}

func (s *Service) CreateTown(ctx context.Context, county id.ID, n NewRegion) (Region, error) {
	return s.createRegion(ctx, county, Town, n)
}

func (s *Service) CreateVillage(ctx context.Context, town id.ID, n NewRegion) (Region, error) {
	return s.createRegion(ctx, town, Village, n)
}

// CreateGroup enters a group of a village and opens its account.
func (s *Service) CreateGroup(ctx context.Context, village id.ID, n NewRegion) (Region, error) {
	return s.createRegion(ctx, village, Group, n)
}

var parentKind = map[string]string{Town: County, Village: Town, Group: Village}

func (s *Service) createRegion(ctx context.Context, parent id.ID, kind string, n NewRegion) (made Region, err error) {
	if n.From == 0 {
		n.From = s.Today()
	}
	if err := n.check(); err != nil {
		return made, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.insertRegion(tx, parent, kind, n)
		return err
	})
	return made, err
}

func (n NewRegion) check() error {
	var fields []errs.Field
	if !goodLabel(n.Name, 30) {
		fields = append(fields, errs.Field{Path: "name", Msg: "名称应为1到30个字，只用汉字、字母和数字"})
	}
	if !goodNumber(n.Code) && !goodLabel(n.Code, 32) {
		fields = append(fields, errs.Field{Path: "code", Msg: "代码应为1到32个字母或数字"})
	}
	if !n.From.Valid() {
		fields = append(fields, errs.Field{Path: "from_day", Msg: "日期不对"})
	}
	if fields != nil {
		return ErrInvalid.WithFields(fields...)
	}
	return nil
}

func (s *Service) insertRegion(tx *storage.Tx, parent id.ID, kind string, n NewRegion) (Region, error) {
	r := Region{ID: tx.NewID(), Parent: parent, Kind: kind, Code: n.Code, Name: n.Name, From: n.From, To: clock.Forever}
	if want := parentKind[kind]; want != "" {
		up, err := scanRegion(tx.QueryRow(`SELECT `+regionColumns+` FROM regions WHERE id = ?`, parent))
		if errors.Is(err, sql.ErrNoRows) || err == nil && (up.Kind != want || up.To != clock.Forever) {
			return r, ErrNoVillage.With("没有这个上级地区，或它不是%s。", kindNames[want])
		}
		if err != nil {
			return r, err
		}
		r.County, r.Town, r.Village = up.County, up.Town, up.Village
	}
	switch kind {
	case County:
		r.County = r.ID
	case Town:
		r.Town = r.ID
	case Village:
		r.Village = r.ID
	}
	r.Pinyin, _ = Pinyin(r.Name)
	_, err := tx.Exec(`INSERT INTO regions (id, parent_id, kind, county_id, town_id, village_id, code, name, pinyin, rev, from_day, to_day, into_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 0)`,
		r.ID, r.Parent, r.Kind, r.County, r.Town, r.Village, r.Code, r.Name, r.Pinyin, r.From, r.To)
	if storage.IsDuplicate(err) {
		return r, ErrCodeTaken
	}
	if err != nil {
		return r, fmt.Errorf("insert region: %w", err)
	}
	if kind == Group {
		return r, s.opened(tx, r.Village, []Owner{{ID: r.ID, Kind: OwnerGroup, Village: r.Village}})
	}
	return r, nil
}

var kindNames = map[string]string{County: "县", Town: "乡镇", Village: "村", Group: "小组"}

const regionColumns = `id, parent_id, kind, county_id, town_id, village_id, code, name, pinyin, from_day, to_day, into_id`

func scanRegion(row interface{ Scan(...any) error }) (r Region, err error) {
	err = row.Scan(&r.ID, &r.Parent, &r.Kind, &r.County, &r.Town, &r.Village, &r.Code, &r.Name, &r.Pinyin, &r.From, &r.To, &r.Into)
	return r, err
}

// Region finds a region of any level, ended ones too. It returns ErrNoVillage.
func (s *Service) Region(ctx context.Context, region id.ID) (Region, error) {
	r, err := scanRegion(s.db.QueryRow(ctx, `SELECT `+regionColumns+` FROM regions WHERE id = ?`, region))
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoVillage
	}
	return r, err
}

// Groups are the groups of a village on a day, in order of their codes.
func (s *Service) Groups(ctx context.Context, village id.ID, day clock.Day) ([]Region, error) {
	return s.regions(ctx, `village_id = ? AND kind = 'group' AND from_day <= ? AND to_day > ? ORDER BY code, id`, village, day, day)
}

// Villages are the villages of a town or county on a day, in order of pinyin; region 0 gives all.
func (s *Service) Villages(ctx context.Context, region id.ID, day clock.Day) ([]Region, error) {
	return s.regions(ctx, `kind = 'village' AND (? = 0 OR town_id = ? OR county_id = ?) AND from_day <= ? AND to_day > ? ORDER BY pinyin, id`,
		region, region, region, day, day)
}

// FindVillage finds the village of an official code or, when it is the only one so called, of a name.
func (s *Service) FindVillage(ctx context.Context, codeOrName string) (Region, error) {
	found, err := s.regions(ctx, `kind = 'village' AND to_day = ? AND (code = ? OR name = ?) LIMIT 2`, clock.Forever, codeOrName, codeOrName)
	if err != nil {
		return Region{}, err
	}
	if len(found) == 0 {
		return Region{}, ErrNoVillage
	}
	if len(found) > 1 {
		return Region{}, ErrNoVillage.With("有几个村都叫“%s”，请改用村的代码。", codeOrName)
	}
	return found[0], nil
}

func (s *Service) regions(ctx context.Context, where string, args ...any) ([]Region, error) {
	rows, err := s.db.Query(ctx, `SELECT `+regionColumns+` FROM regions WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (Region, error) { return scanRegion(rows) })
}

// Setting is what a region has set under a name on a day, empty if nothing.
func (s *Service) Setting(ctx context.Context, region id.ID, name string, day clock.Day) (string, error) {
	var v string
	err := s.db.QueryRow(ctx, `SELECT value FROM region_settings WHERE region_id = ? AND name = ? AND from_day <= ? AND to_day > ?`,
		region, name, day, day).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, err
}

// SetSetting sets a region's setting from today; an empty value takes it away.
func (s *Service) SetSetting(ctx context.Context, by, region id.ID, name, value string) error {
	if name == "" || len(name) > 40 || len(value) > 200 {
		return ErrInvalid
	}
	day := s.Today()
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		n, err := tx.Exec(`UPDATE regions SET rev = rev + 1 WHERE id = ?`, region)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNoVillage
		}
		if _, err := tx.Exec(`UPDATE region_settings SET to_day = ? WHERE region_id = ? AND name = ? AND to_day = ?`, day, region, name, clock.Forever); err != nil {
			return err
		}
		if value == "" {
			return nil
		}
		_, err = tx.Exec(`INSERT INTO region_settings (id, region_id, name, value, set_by, from_day, to_day) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			tx.NewID(), region, name, value, by, day, clock.Forever)
		return err
	})
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
