package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writers says which package writes each table. Any package may read one.
var writers = map[string]string{
	"id_nodes": "storage", "outbox": "storage", "outbox_lanes": "storage", "requests": "storage", "request_days": "storage",
	"regions": "village", "region_settings": "village", "households": "village", "household_groups": "village", "household_states": "village",
	"household_aliases": "village", "household_codes": "village", "members": "village", "memberships": "village", "member_states": "village",
	"imports": "village",
	"kin":     "village", "links": "village", "teams": "village",
	"users": "access", "identities": "access", "sessions": "access", "user_members": "access", "user_roles": "access", "bindings": "access",
	"handovers": "access", "tries": "access", "personas": "access",
	"login_codes": "access", "login_limits": "access", "household_pins": "access", "consents": "access",
	"accounts": "ledger", "balances": "ledger", "entries": "ledger", "guards": "ledger", "lots": "ledger", "periods": "ledger", "totals": "ledger",
	"seal_leaves": "ledger", "seal_nodes": "ledger", "seal_heads": "ledger", "seal_notes": "ledger", "award_undone": "season",
	"notices": "publication", "notice_names": "publication", "notice_hidden": "publication",
	"scheme_versions": "rulebook",
	"report_villages": "report", "report_months": "report", "report_classes": "report", "report_goods": "report", "report_days": "report",
	"tags":        "standing",
	"successions": "succession", "succession_parts": "succession", "succession_shares": "succession",
	"cases": "cases", "case_events": "cases", "case_shares": "cases", "case_details": "cases", "case_claims": "cases", "inspections": "cases", "inspection_lines": "cases",
	"shops": "market", "shop_villages": "market", "goods": "market", "goods_prices": "market", "stock_lots": "market", "stock_moves": "market",
	"redemptions": "market", "phone_codes": "market", "visits": "market", "reservations": "market", "agencies": "market",
	"leases": "market", "lease_lines": "market", "lease_returns": "market",
	"funds": "market", "fund_moves": "market", "statements": "market", "stocktakes": "market", "stocktake_lines": "market", "wishes": "market",
	"wish_votes": "market",
	"media":      "media", "uploads": "media", "upload_chunks": "media", "media_uses": "media", "content_checks": "media",
	"case_confirmations": "cases", "case_votes": "cases", "case_tellings": "cases", "objections": "cases", "case_samples": "cases", "case_sample_lines": "cases",
	"messages": "message", "message_marks": "message",
	"notify_subscriptions": "notify", "notify_pushes": "notify", "expiry_told": "notify",
	"season_runs": "season", "season_closes": "season", "season_ranks": "season", "season_lines": "season", "season_told": "season",
	"voices": "voice", "voice_steps": "voice",
	"award_rounds": "season", "award_places": "season", "award_prizes": "season", "award_objections": "season", "award_notes": "season", "award_drawings": "season",
	"activities": "activity", "attendees": "activity", "activity_misses": "activity",
}

// byName are the packages with unexported helpers that are given the name of one of their own tables; storage also seals
// anew the columns that village and access declare as theirs.
var byName = []string{"ledger", "storage", "village"}

var (
	writing  = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)`)
	creating = regexp.MustCompile(`(?i)CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)`)
	changing = regexp.MustCompile(`(?i)^\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s*$`) // the table follows in another string
)

// TestTablesHaveOneWriter reads the string literals of all programs: law 3, nobody writes another package's tables.
func TestTablesHaveOneWriter(t *testing.T) {
	used := map[string]bool{}
	for _, root := range []string{".", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			from, inner, nested := strings.Cut(filepath.ToSlash(filepath.Dir(path)), "/")
			if nested && strings.HasSuffix(inner, "test") || from == "bench" { // helpers of tests; bench loads an empty database of its own
				return nil
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				if changing.MatchString(text) && !slices.Contains(byName, from) {
					t.Errorf("%s writes a table that it names elsewhere: %q", path, text)
				}
				for _, m := range writing.FindAllStringSubmatch(text, -1) {
					table := strings.ToLower(m[1])
					if owner, ok := writers[table]; ok && owner != from {
						t.Errorf("%s writes %s, which belongs to package %s", path, table, owner)
					} else if ok {
						used[table] = true
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(used) < len(writers)/2 {
		t.Errorf("only %v are written; has the search gone blind?", slices.Sorted(maps.Keys(used)))
	}
}

// TestEveryTableHasAWriter: a table without a line above has no owner, and a line without a table is out of date.
func TestEveryTableHasAWriter(t *testing.T) {
	made := map[string]bool{}
	files, err := filepath.Glob("storage/migrations/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(src), "-- +goose Down")
		for _, m := range creating.FindAllStringSubmatch(up, -1) {
			made[m[1]] = true
			if writers[m[1]] == "" {
				t.Errorf("%s: table %s belongs to no package; say to which above", file, m[1])
			}
		}
	}
	for table := range writers {
		if !made[table] {
			t.Errorf("no migration makes table %s", table)
		}
	}
}
