package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/ledger/ledgertest"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
)

const smallScheme = `format: 1
title: 试验细则
subject: household
wallets:
  - {code: spend, name: 可兑积分, kind: spend, floor: 0, order: 1}
  - {code: year, name: 年度积分, kind: score}
classes:
  - {code: eco, name: 人居环境}
items:
  - {code: sweep, name: 环境清扫, class: eco, points: 5, review: {direct: true}}
`

var testDay = clock.MakeDay(2026, 5, 20)

// small enters a village of two households, gives each points and takes some from the first.
func small(t *testing.T, db *storage.DB) {
	t.Helper()
	ctx := context.Background()
	at := testDay.Start().Add(9 * time.Hour)
	v := village.New(db, func() time.Time { return at }, ledger.OpenAccounts)
	must := func(r village.Region, err error) id.ID {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	county := must(v.CreateCounty(ctx, village.NewRegion{Code: "510131", Name: "试验县"}))
	town := must(v.CreateTown(ctx, county, village.NewRegion{Code: "510131100", Name: "试验镇"}))
	place := must(v.CreateVillage(ctx, town, village.NewRegion{Code: "510131100201", Name: "试验村"}))
	group := must(v.CreateGroup(ctx, place, village.NewRegion{Code: "01", Name: "一组"}))
	book, problems := scheme.Parse([]byte(smallScheme))
	if book == nil {
		t.Fatal(problems)
	}
	for i, name := range []string{"张三", "李四"} {
		household, _, err := v.CreateHousehold(ctx, village.Write{Village: place}, village.NewHousehold{Number: name, Group: group,
			Members: []village.NewMember{{Name: name, Relation: village.Head, Phone: "1380013800" + string(rune('0'+i)), BornOn: 19600101}}})
		if err != nil {
			t.Fatal(err)
		}
		award := ledger.Posting{Village: place, Kind: ledger.Award, Ref: "award-" + name, At: at, Occurred: testDay, Counted: testDay, Title: "环境清扫", Item: "sweep", Class: "eco",
			Lines: []ledger.Line{{Account: household, Wallet: "spend", Amount: 500}, {Account: household, Wallet: "year", Amount: 500}}}
		if err := db.InTx(ctx, func(tx *storage.Tx) error { _, err := ledger.Post(tx, book, award); return err }); err != nil {
			t.Fatal(err)
		}
	}
	ledgertest.Audit(t, db)
}

func tables(t *testing.T, db *storage.DB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if db.Dialect() == storage.MySQL {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
	}
	return slices.DeleteFunc(dbtest.Rows(t, db, query), func(name string) bool {
		return name == "goose_db_version" || name == "id_nodes" // leases and times of this very run
	})
}

// content is every row of the tables, as text.
func content(t *testing.T, db *storage.DB, names []string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, name := range names {
		rows := dbtest.Rows(t, db, "SELECT * FROM "+name)
		slices.Sort(rows)
		all[name] = rows
	}
	return all
}

// A database with data at the schema before the newest migration is brought up as the program opens it, and nothing that
// was there changes.
func TestUpgradeFromThePreviousSchema(t *testing.T) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			ctx := context.Background()
			cfg := dbtest.Config(t, engine)
			newest, err := storage.NewestMigration(engine)
			if err != nil {
				t.Fatal(err)
			}
			full := once(t, cfg, func(db *storage.DB) map[string][]string {
				small(t, db)
				return content(t, db, tables(t, db))
			})
			if err := storage.MigrateDownTo(ctx, cfg, newest-1); err != nil {
				t.Fatal(err)
			}
			if err := storage.Migrate(ctx, cfg); err != nil {
				t.Fatal(err)
			}
			again := once(t, cfg, func(db *storage.DB) map[string][]string {
				if v, err := db.SchemaVersion(ctx); err != nil || v != newest {
					t.Errorf("schema %d, %v; want %d", v, err, newest)
				}
				ledgertest.Audit(t, db)
				return content(t, db, tables(t, db))
			})
			kept, emptied := 0, 0
			for name, rows := range full {
				if len(rows) > 0 && len(again[name]) == 0 {
					emptied++ // the one table that the newest migration itself made
					continue
				}
				if !slices.Equal(rows, again[name]) {
					t.Errorf("%s changed:\n%v\n%v", name, rows, again[name])
				}
				kept += len(rows)
			}
			if kept < 10 || emptied > 1 {
				t.Errorf("%d rows were compared, %d tables were emptied", kept, emptied)
			}
		})
	}
}

// once opens a database, asks and closes it again.
func once[T any](t *testing.T, cfg config.Database, ask func(*storage.DB) T) T {
	t.Helper()
	db, err := storage.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	db.Keys = dbtest.Keys(t)
	out := ask(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}
