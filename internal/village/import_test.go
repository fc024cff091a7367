package village

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/paper"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// testIDNo makes the n-th valid identity number.
func testIDNo(n int) string {
	s := fmt.Sprintf("431229%04d%02d%02d%03d", 1950+n/(12*28*999)%50, n/(28*999)%12+1, n/999%28+1, n%999)
	sum := 0
	for i, w := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(s[i]-'0')
	}
	return s + "10X98765432"[sum%11:sum%11+1]
}

// bigTable is a CSV register of households × per people.
func bigTable(households, per int) (io.Reader, [][]string) {
	given := []rune("伟芳娜敏静秀丽强磊军洋勇艳杰涛明超霞平刚桂英华玉兰")
	family := []rune("张王李赵刘陈杨黄吴周徐孙马朱胡林郭何高罗")
	rows := [][]string{{"户编号", "村民小组", "姓名", "与户主关系", "身份证号", "手机号", "出生日期", "户标签", "个人标签"}}
	for h := range households {
		for m := range per {
			n := h*per + m
			name := string([]rune{family[h%20], given[n%25], given[n/25%25]})
			r := []string{fmt.Sprintf("%05d", h+1), fmt.Sprintf("第%d组", h%10+1), name, "儿子", testIDNo(n), fmt.Sprintf("138%08d", n), "", "", ""}
			if m == 0 {
				r[3] = Head
				if h%7 == 0 {
					r[7] = "监测户"
				}
			}
			rows = append(rows, r)
		}
	}
	return csvOf(rows), rows
}

func csvOf(rows [][]string) io.Reader {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return strings.NewReader(b.String())
}

func table(rows ...string) io.Reader {
	return strings.NewReader("户编号,村民小组,姓名,与户主关系,身份证号,手机号,户标签,个人标签,户状态\n" + strings.Join(rows, "\n"))
}

func (f *fixture) take(t testing.TB, r io.Reader) ImportReport {
	t.Helper()
	rep, err := f.ImportHouseholds(context.Background(), f.write(), r, ImportOptions{})
	if e := errs.As(err); e != nil {
		t.Fatalf("%v %v", err, e.Fields)
	}
	must(t, err)
	return rep
}

func TestImportTwiceAndChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		first := func() io.Reader {
			return table("001,第1组,张三,户主,"+testIDNo(1)+",13800138000,监测户、党员户,党员,",
				"001,第1组,张小四,儿子,"+testIDNo(2)+",,,,",
				"002,第2组,李五,户主,,,,,外出", "002,第2组,李六,父亲,,,,,")
		}
		rep := f.take(t, first())
		if rep.Households != (Tally{New: 2}) || rep.Members != (Tally{New: 4}) || rep.Rows != 4 {
			t.Fatalf("%+v", rep)
		}
		if len(f.owners) != 2+6 {
			t.Errorf("%d owners were announced", len(f.owners))
		}
		all := func() string {
			return fmt.Sprint(dbtest.Rows(t, db, "SELECT * FROM household_states ORDER BY id"), dbtest.Rows(t, db, "SELECT * FROM member_states ORDER BY id"),
				dbtest.Rows(t, db, "SELECT * FROM memberships ORDER BY id"), dbtest.Rows(t, db, "SELECT * FROM household_groups ORDER BY id"), dbtest.Rows(t, db, "SELECT id, name FROM members ORDER BY id"))
		}
		before := all()
		f.today = f.today.Add(10)
		rep = f.take(t, first())
		if rep.Households != (Tally{Same: 2}) || rep.Members != (Tally{Same: 4}) || all() != before {
			t.Errorf("the same file again: %+v", rep)
		}
		// The son moves to another group's household as its head; the old head of 002 becomes a father; flags change.
		rep = f.take(t, table("001,第2组,张三,户主,"+testIDNo(1)+",13900139000,党员户,党员,",
			"002,第2组,张小四,户主,"+testIDNo(2)+",,,,", "002,第2组,李五,父亲,,,,,", "002,第2组,李六,其他,"+testIDNo(3)+",,,志愿者,"))
		if rep.Households != (Tally{Changed: 2}) || rep.Members != (Tally{Changed: 4}) {
			t.Errorf("%+v", rep)
		}
		hs, _, err := f.List(ctx, f.village.ID, Filter{})
		must(t, err)
		if len(hs) != 2 || hs[0].Name != "张三" && hs[0].Name != "张小四" {
			t.Fatalf("%+v", hs)
		}
		by := map[string]Detail{}
		for _, day := range []clock.Day{f.today.Add(-1), f.today} {
			for _, h := range hs {
				d, err := f.Detail(ctx, f.village.ID, h.ID, day)
				must(t, err)
				by[fmt.Sprint(day, d.Number)] = d
			}
		}
		old, now := by["2026-06-10001"], by["2026-06-11001"]
		if old.GroupName != "第1组" || !slices.Equal(old.Flags, []string{"党员户", "监测户"}) || len(old.People) != 2 {
			t.Errorf("before: %+v", old)
		}
		if now.GroupName != "第2组" || !slices.Equal(now.Flags, []string{"党员户"}) || len(now.People) != 1 || now.People[0].Phone != "139****9000" {
			t.Errorf("after: %+v", now)
		}
		if b, a := by["2026-06-10002"], by["2026-06-11002"]; b.Status != Away || a.Status != Resident || a.Name != "张小四" || len(a.People) != 3 || len(b.People) != 2 {
			t.Errorf("%+v\n%+v", b, a)
		}
		if n := len(dbtest.Rows(t, db, "SELECT id FROM members")); n != 4 {
			t.Errorf("%d members", n)
		}
	})
}

func TestImportTellsEveryFault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		file := func() io.Reader {
			return table("001,第1组,张三,户主,,,,,", // right
				",第1组,张四,儿子,,,,,",
				"002,第9组,李五,户主,,,,,",
				"003,第1组,王六,儿子,,,,,",
				"004,第1组,赵七,户主,110105194912310021,,,,",
				"005,第1组,钱八,户主,4.31229E+17,1380013,,,",
				"006,第1组,孙9,户主,,,,,去世",
				"007,第1组,周十,户主,"+testIDNo(5)+",,,,",
				"008,第1组,吴一,户主,"+testIDNo(5)+",,,,",
				"009,第1组,郑二,户主,,,,,", "009,第2组,郑三,户主,,,,,",
				"010,第1组,冯四,户主,,,党员户!,,")
		}
		_, err := f.ImportHouseholds(ctx, f.write(), file(), ImportOptions{})
		e := errs.As(err)
		if !errors.Is(err, ErrImport) {
			t.Fatal(err)
		}
		var got []string
		for _, x := range e.Fields {
			got = append(got, x.Path)
			if x.Msg == "" || strings.Contains(x.Msg, "110105") {
				t.Errorf("%+v", x)
			}
		}
		want := []string{"第3行 户编号", "第6行 身份证号", "第7行 身份证号", "第7行 手机号", "第8行 姓名", "第8行 户状态", "第10行 身份证号", "第12行 村民小组", "第13行 户标签", "第5行 与户主关系", "第12行 与户主关系", "第4行 村民小组"}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if n := len(dbtest.Rows(t, db, "SELECT id FROM households")) + len(f.owners) - 2; n != 0 {
			t.Errorf("%d things were made", n)
		}
		rep, err := f.ImportHouseholds(ctx, f.write(), file(), ImportOptions{Partial: true})
		must(t, err)
		if rep.Households != (Tally{New: 2}) || rep.LeftOut != 10 || rep.FaultCount != len(want) {
			t.Errorf("partial: %+v", rep)
		}
		for name, head := range map[string]string{"no number": "村民小组,姓名,与户主关系\n", "twice": "户编号,户号,村民小组,姓名,与户主关系\n", "nothing": "", "heading only": "户编号,村民小组,姓名,与户主关系\n"} {
			if _, err := f.ImportHouseholds(ctx, f.write(), strings.NewReader(head), ImportOptions{}); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestImportFaultsAgainstTheRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		f.take(t, table("001,第1组,张三,户主,"+testIDNo(1)+",,,,", "001,第1组,张小四,儿子,,,,,", "002,第1组,李五,户主,"+testIDNo(2)+",,,,"))
		for name, c := range map[string]struct {
			rows []string
			want string
		}{
			"the head is left out":            {[]string{"001,第1组,张小四,户主,,,,,"}, "第2行 与户主关系"},
			"a head is taken away":            {[]string{"001,第1组,张三,户主,,,,,", "001,第1组,李五,其他," + testIDNo(2) + ",,,,"}, "第3行 身份证号"},
			"another number for a namesake":   {[]string{"001,第1组,张三,户主," + testIDNo(9) + ",,,,"}, "第2行 身份证号"},
			"one person in two rows":          {[]string{"001,第1组,张三,户主,,,,,", "003,第1组,张三,户主," + testIDNo(1) + ",,,,"}, "第3行 姓名"},
			"a group that is not the village": {[]string{"002,三组,李五,户主,,,,,"}, "第2行 村民小组"},
		} {
			before := fmt.Sprint(dbtest.Rows(t, db, "SELECT * FROM memberships ORDER BY id"))
			_, err := f.ImportHouseholds(ctx, f.write(), table(c.rows...), ImportOptions{})
			if e := errs.As(err); e == nil || len(e.Fields) == 0 || e.Fields[0].Path != c.want {
				t.Errorf("%s: %v %+v", name, err, e)
			}
			if fmt.Sprint(dbtest.Rows(t, db, "SELECT * FROM memberships ORDER BY id")) != before {
				t.Errorf("%s: something was changed", name)
			}
		}
		rep, err := f.ImportHouseholds(ctx, f.write(), table("002,三组,李五,户主,,,,,"), ImportOptions{CreateGroups: true})
		must(t, err)
		if !slices.Equal(rep.Groups, []string{"三组"}) || rep.Households.Changed != 1 {
			t.Errorf("%+v", rep)
		}
		w := f.write()
		w.On = f.today.Add(-5)
		if _, err := f.ImportHouseholds(ctx, w, table("002,第1组,李五,户主,,,,,"), ImportOptions{}); !errors.Is(err, ErrImport) {
			t.Errorf("a change from before the present state: %v", err)
		}
	})
}

func TestImportOfOtherForms(t *testing.T) {
	db := dbtest.Open(t, storage.SQLite)
	f := newFixture(t, db)
	const csv = "户号,小组,姓名,关系,备注\n001,第1组,张三,本人,x\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(csv)
	must(t, err)
	var book bytes.Buffer
	must(t, WriteTemplate(&book, []string{"第1组"}))
	if _, err := f.ImportHouseholds(context.Background(), f.write(), bytes.NewReader(book.Bytes()), ImportOptions{}); !errors.Is(err, paper.ErrEmptyTable) {
		t.Errorf("an empty template: %v", err)
	}
	for name, in := range map[string]string{"utf-8": csv, "BOM": "\ufeff" + csv, "GBK": gbk, "tabs": strings.ReplaceAll(csv, ",", "\t"), "CRLF": strings.ReplaceAll(csv, "\n", "\r\n"), "CR": strings.ReplaceAll(csv, "\n", "\r")} {
		rep := f.take(t, strings.NewReader(in))
		if rep.Rows != 1 || rep.Members.New+rep.Members.Same != 1 || !slices.Equal(rep.Unused, []string{"备注"}) {
			t.Errorf("%s: %+v", name, rep)
		}
	}
	for name, in := range map[string]string{"picture": "\x89PNG\r\n\x1a\n\x00\x00", "old excel": "\xD0\xCF\x11\xE0aaaa", "broken zip": "PK\x03\x04zzzz"} {
		if _, err := f.ImportHouseholds(context.Background(), f.write(), strings.NewReader(in), ImportOptions{}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	book.Reset()
	n, err := f.ExportHouseholds(context.Background(), f.village.ID, &book)
	must(t, err)
	rep := f.take(t, &book)
	if n != 1 || rep.Members.Same != 1 || rep.Households.Same != 1 {
		t.Errorf("an export taken back: %+v", rep)
	}
}

func TestTwoImportsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		f := newFixture(t, db)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var made int
		for range 4 {
			wg.Go(func() {
				r, _ := bigTable(40, 3)
				rep, err := f.ImportHouseholds(context.Background(), f.write(), r, ImportOptions{CreateGroups: true})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				made += rep.Households.New
			})
		}
		wg.Wait()
		if n := len(dbtest.Rows(t, db, "SELECT id FROM members")); made != 40 || n != 120 {
			t.Errorf("%d households, %d members", made, n)
		}
	})
}

func TestImportOf3000Rows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		f := newFixture(t, db)
		r, rows := bigTable(1000, 3)
		var last string
		rep, err := f.ImportHouseholds(context.Background(), f.write(), r, ImportOptions{CreateGroups: true, Progress: func(stage string, done, total int) {
			last = fmt.Sprint(stage, done, "/", total)
		}})
		must(t, err)
		if rep.Members.New != 3000 || last != "写入3000/3000" {
			t.Errorf("%+v %s", rep, last)
		}
		if rep := f.take(t, csvOf(rows)); rep.Members.Same != 3000 || rep.Households.Same != 1000 {
			t.Errorf("%+v", rep)
		}
	})
}

// BenchmarkImport50000 imports 50,000 rows from Excel and reports the time and the memory the system gave.
func BenchmarkImport50000(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		b.Run(string(engine), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				f := newFixture(b, dbtest.Open(b, engine))
				_, rows := bigTable(12500, 4)
				var book bytes.Buffer
				s := paper.Sheet{Name: SheetName, Rows: slices.Values(rows[1:])}
				for _, h := range rows[0] {
					s.Columns = append(s.Columns, paper.Column{Title: h})
				}
				must(b, paper.WriteExcel(&book, s))
				rows = nil
				runtime.GC()
				b.StartTimer()
				rep, err := f.ImportHouseholds(context.Background(), f.write(), &book, ImportOptions{CreateGroups: true})
				must(b, err)
				if rep.Members.New != 50_000 {
					b.Fatalf("%+v", rep)
				}
			}
			b.ReportMetric(residentMB(), "MB-peak")
		})
	}
}

func residentMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	var kb float64
	for _, l := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(l, "VmHWM:") {
			fmt.Sscanf(strings.TrimPrefix(l, "VmHWM:"), "%f", &kb)
		}
	}
	return kb / 1024
}
