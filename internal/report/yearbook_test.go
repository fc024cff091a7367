package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"hefen/internal/access"
	"hefen/internal/paper"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// readBook opens a workbook and answers its sheets as rows.
func readBook(t *testing.T, b *Yearbook) map[string][][]string {
	t.Helper()
	var buf bytes.Buffer
	must(t, b.Excel(&buf))
	f, err := excelize.OpenReader(&buf)
	must(t, err)
	defer f.Close()
	out := map[string][][]string{}
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		must(t, err)
		out[name] = rows
	}
	return out
}

func TestYearbook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 4)
		w.deed(w.households[0], "eco", 1250, today)
		w.deed(w.households[1], "civil", 1250, today)
		w.deed(w.households[2], "civil", -300, today)
		w.deed(w.households[0], "eco", 500, today.AddMonths(-12))
		w.roll()
		b, err := w.report.Yearbook(ctx, w.secretary, w.villages[0], year)
		must(t, err)
		book := readBook(t, &b)
		ranks := book["名次"]
		if len(ranks) != 4 || ranks[1][0] != "1" || ranks[2][0] != "1" || ranks[3][0] != "3" || ranks[1][3] != "12.5" || ranks[3][3] != "-3" {
			t.Errorf("ranks: %v", ranks)
		}
		for _, r := range ranks[1:] {
			if !strings.Contains(r[2], "*") || r[1] != "" {
				t.Errorf("a name that the rules mask: %v", r)
			}
		}
		if quiet := book["没有记录的户"]; len(quiet) != 2 || quiet[1][1] != "004" || quiet[1][2] != "张丁" {
			t.Errorf("households to look in on: %v", quiet)
		}
		if groups := book["小组参与"]; len(groups) != 2 || !slices.Equal(groups[1], []string{"一组", "4", "3", "75%", "22"}) {
			t.Errorf("groups: %v", groups)
		}
		if o := book["概况"]; !slices.Equal(o[2], []string{"有记录的户", "3", "1", "2"}) || !slices.Equal(o[5], []string{"做好事得分（计入排名）", "25", "5", "20"}) {
			t.Errorf("overview: %v", o)
		}
		if c := book["各类积分"]; len(c) != 3 || !slices.Equal(c[1], []string{"乡风文明", "12.5", "3"}) && !slices.Equal(c[2], []string{"乡风文明", "12.5", "3"}) {
			t.Errorf("classes: %v", c)
		}
		if m := book["逐月"]; len(m) != 6 {
			t.Errorf("months: %v", m)
		}
		html, err := b.Document().HTML()
		must(t, err)
		if !bytes.Contains(html, []byte("林源村2026年积分工作报告")) || bytes.Contains(html, []byte("张丁")) || bytes.Contains(html, []byte("张甲")) {
			t.Errorf("on paper: %s", html)
		}
		if pdf, err := b.Document().PDF(paper.NewFont("")); errors.Is(err, paper.ErrNoFont) {
			t.Log("no font here; the page is printed from a browser")
		} else if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Errorf("pdf: %v", err)
		}
		if _, err := w.report.Yearbook(ctx, w.overseer, w.villages[0], year); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("from above: %v", err)
		}
	})
}

// What was awarded stands in the report of its year, masked as the ranking is, and honours apart.
func TestAwardsInTheYearbook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 2)
		w.deed(w.households[0], "eco", 1000, today)
		w.round(year, "issued", "title", "五星文明户", "collected")
		w.round(year, "issued", "goods", "洗衣液一瓶", "due")
		w.round(202600-100, "issued", "goods", "去年的奖品", "collected")
		w.round(202605, "withdrawn", "goods", "撤回的奖品", "due")
		w.roll()
		b, err := w.report.Yearbook(ctx, w.secretary, w.villages[0], year)
		must(t, err)
		book := readBook(t, &b)
		if got := book["评比奖励"]; len(got) != 2 || !slices.Equal(got[1], []string{"年终评比", "1", "一等奖", "", "张*", "洗衣液一瓶", "待发"}) {
			t.Errorf("awards: %v", got)
		}
		if got := book["荣誉"]; len(got) != 2 || !slices.Equal(got[1], []string{"五星文明户", "", "张*", "年终评比"}) {
			t.Errorf("honours: %v", got)
		}
	})
}

// Certificates are for settled rounds only: one for each title, else one for the tier, with the full name.
func TestCertificates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db, 1)
		titled, plain, open := w.round(year, "issued", "title", "五星文明户", "collected"), w.round(202605, "frozen", "goods", "洗衣液一瓶", "due"), w.round(year, "published", "title", "未定", "due")
		all, err := w.report.Certificates(ctx, w.secretary, w.villages[0], titled)
		must(t, err)
		if len(all) != 1 || all[0].Name != "张甲家庭" || all[0].Award != "五星文明户" || all[0].Verb != "被评为" || all[0].Round != "2026年年终评比" || all[0].Village != "林源村" {
			t.Errorf("%+v", all)
		}
		if all, err = w.report.Certificates(ctx, w.secretary, w.villages[0], plain); err != nil || len(all) != 1 || all[0].Award != "一等奖" || all[0].Verb != "获得" || all[0].Round != "2026年5月年终评比" {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := w.report.Certificates(ctx, w.secretary, w.villages[0], open); !errors.Is(err, ErrNoCertificates) {
			t.Errorf("of a list that is not settled: %v", err)
		}
		if _, err := w.report.Certificates(ctx, w.overseer, w.villages[0], titled); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("from above: %v", err)
		}
		html, err := paper.CertificatesHTML("荣誉证书", all)
		if err != nil || !bytes.Contains(html, []byte("获得<span class=\"award\">“一等奖”")) {
			t.Errorf("%s, %v", html, err)
		}
		if pdf, err := paper.CertificatesPDF("荣誉证书", all, paper.NewFont("")); errors.Is(err, paper.ErrNoFont) {
			t.Log("no font here; the page is printed from a browser")
		} else if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Errorf("pdf: %v", err)
		}
	})
}
