package httpapi

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/village"
	"hefen/internal/wechat"
)

// TestCounterOverHTTP prints cards, redeems with one, prints the slip, and looks for the card's secret in the log.
func TestCounterOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newAccessWorld(t, db, &wechat.Fake{}, true)
		now := clock.Clock(func() time.Time { return time.Date(2026, 3, 10, 2, 0, 0, 0, time.UTC) })
		people, book := village.New(db, now, ledger.OpenAccounts), rulebook.New(db, now)
		var log bytes.Buffer
		_, w.h, _ = frame(t, func(s *Server) {
			s.features, s.Config.Demo = []func(*Server, *api){(*Server).registerAccess, (*Server).registerMarket, (*Server).registerCounter, (*Server).registerPrint}, true
			s.DB, s.Now, s.Access, s.Session = db, now, w.access, w.access.Actor
			s.Village, s.Book, s.Config.PublicURL = people, book, "https://hefen.example.cn/"
			s.Market = market.New(db, now, people, book, w.access.Names)
			s.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		boss, bossUser := w.user(db, "boss", access.FirstSecretary, access.Place{Village: w.village})
		w.open(db, people, book, accesstest.Actor(t, db, now, bossUser))
		v := "/api/villages/" + w.village.String()
		var shop market.Shop
		w.call(boss, "POST", v+"/shops", `{"request_id":"$R","name":"村超市"}`, 200, &shop)
		keeper, _ := w.user(db, "keeper", access.Keeper, access.Place{Village: w.village, Shop: shop.ID})
		s := v + "/shops/" + shop.ID.String()
		var soap market.Goods
		w.call(keeper, "POST", s+"/goods", `{"request_id":"$R","name":"香皂<b>","unit":"块","price":250}`, 200, &soap)
		w.call(keeper, "POST", s+"/goods/"+soap.ID.String()+"/moves", `{"request_id":"$R","kind":"purchase","qty":5}`, 200, nil)

		sheet := func(token, method, path, body string) string {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+token)
			if body != "" {
				r.Header.Set("Content-Type", "application/json")
			}
			a := httptest.NewRecorder()
			w.h.ServeHTTP(a, r)
			if a.Code != 200 || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
				t.Fatalf("%s: %d %s %s", path, a.Code, a.Header().Get("Content-Type"), a.Body)
			}
			return a.Body.String()
		}
		cards := sheet(boss, "POST", v+"/household-cards", fmt.Sprintf(`{"request_id":"print-cards-000001","households":["%s"]}`, w.household))
		if !strings.Contains(cards, "data:image/png;base64,") || !strings.Contains(cards, "张*") || strings.Contains(cards, "张三") || strings.Contains(cards, village.CodePrefix) {
			t.Error("the card shows what it should not, or not what it should")
		}
		codes, _, err := people.ReplaceCodes(t.Context(), village.Write{Village: w.village, By: 1, RequestID: "replace-codes-0001"}, []id.ID{w.household})
		if err != nil {
			t.Fatal(err)
		}
		card := "https://hefen.example.cn" + village.CardPath + codes[0].Code
		var visit market.Visit
		w.call(keeper, "POST", s+"/visits", fmt.Sprintf(`{"request_id":"$R","code":"%s"}`, card), 200, &visit)
		if visit.Household != w.household || visit.Way != market.ByCard || visit.Terms.ProofAbove != 10_000 {
			t.Errorf("%+v", visit)
		}
		var made market.Receipt
		w.call(keeper, "POST", s+"/redemptions", fmt.Sprintf(`{"request_id":"$R","household":"%s","visit":"%s","signed":true,"lines":[{"goods":"%s","qty":2}],"total":500}`,
			w.household, visit.ID, soap.ID), 200, &made)
		slip := sheet(keeper, "GET", s+"/redemptions/"+made.ID.String()+"/slip", "")
		if !strings.Contains(slip, made.Number) || !strings.Contains(slip, "凭积分卡，本人（代领人）签字") || strings.Contains(slip, "香皂<b>") {
			t.Error(slip)
		}
		if tags := sheet(keeper, "GET", s+"/price-tags", ""); !strings.Contains(tags, "2.5分") {
			t.Error(tags)
		}
		if opened := sheet("", "GET", village.CardPath+codes[0].Code, ""); !strings.Contains(opened, "积分卡") {
			t.Error(opened)
		}
		if found := regexp.MustCompile(regexp.QuoteMeta(codes[0].Code[4:])).FindString(log.String()); found != "" || !strings.Contains(log.String(), "/k/:card") {
			t.Errorf("the log holds the card: %q", found)
		}
	})
}
