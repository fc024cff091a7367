package village

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/storage"
)

// MaxFaults is how many mistakes of a file are told one by one; of the rest the number.
const MaxFaults = 200

// ErrImport refuses a file; its fields name row and column of what is wrong.
var ErrImport = errs.New(errs.Invalid, "village_import", "表里有要改的地方，没有导入。")

// ImportOptions says how a file is taken.
type ImportOptions struct {
	Partial      bool                                // import the households that are right and report the others
	CreateGroups bool                                // groups the village does not have yet are entered, not refused
	Progress     func(stage string, done, total int) // may be nil; total is 0 while it is not known
}

// Tally counts what an import did.
type Tally struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
}

// ImportReport tells what a file did or, by Faults, why it was left out.
type ImportReport struct {
	Rows       int          `json:"rows" doc:"rows with content below the heading"`
	Households Tally        `json:"households"`
	Members    Tally        `json:"members"`
	Groups     []string     `json:"groups_made" doc:"groups that were entered"`
	LeftOut    int          `json:"left_out" doc:"rows that were not imported"`
	FaultCount int          `json:"fault_count"`
	Faults     []errs.Field `json:"faults" doc:"the first 200 mistakes by row and column"`
	Unused     []string     `json:"unused_columns" doc:"headings that mean nothing here"`
	Repeated   bool         `json:"repeated" doc:"the same request had been carried out before"`
}

// ImportHouseholds takes a register of households (.xlsx or CSV, one row a member) into a village, facts beginning on w.On
// (today if zero). All or nothing: one mistake and ErrImport names all of them by row and column, unless o.Partial.
// A repeat of w.RequestID answers the first report; the same file again changes nothing; a changed file ends old terms and begins new ones; what is not in the file stays.
// Households are known by their number, members by identity number or, without one, by name within the household.
func (s *Service) ImportHouseholds(ctx context.Context, w Write, r io.Reader, o ImportOptions) (ImportReport, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	day, err := s.day(w)
	if err != nil {
		return ImportReport{}, err
	}
	sheet, err := readSheet(r, s.Today(), o.Progress)
	if err != nil {
		return ImportReport{}, err
	}
	var report ImportReport
	made := s.db.NewID()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		report = ImportReport{}
		again, err := ImportOnce(tx, w, "village.import", []any{o.Partial, o.CreateGroups, sheet.sum}, made, &report)
		if err != nil || again {
			report.Repeated = again
			return err
		}
		if err := s.Lock(tx, w.Village); err != nil {
			return err
		}
		if report, err = s.importSheet(tx, w, sheet, day, o); err != nil {
			return err
		}
		return NoteImport(tx, w, RegisterFile, made, day, clock.Ms(s.now()), report)
	})
	if errors.Is(err, ErrImport) {
		return report, err
	}
	if err != nil {
		return ImportReport{}, err
	}
	return report, nil
}

func (s *Service) importSheet(tx *storage.Tx, w Write, sheet *sheet, day clock.Day, o ImportOptions) (ImportReport, error) {
	f := sheet.faults.clone()
	o.Progress("核对", 0, 0)
	now, err := loadPicture(tx, w.Village)
	if err != nil {
		return ImportReport{}, err
	}
	p := &plan{s: s, w: w, day: day, sheet: sheet, now: now, faults: f, createGroups: o.CreateGroups}
	p.match()
	report := ImportReport{Rows: sheet.rows, Groups: []string{}, FaultCount: f.count, Faults: f.shown, Unused: sheet.unused}
	for _, d := range sheet.drafts {
		if f.bad[d.number] {
			report.LeftOut += len(d.lines)
		}
	}
	report.LeftOut += sheet.homeless
	if f.count > 0 && !o.Partial {
		report.LeftOut = sheet.rows
		rest := ""
		if f.count > len(f.shown) {
			rest = fmt.Sprintf("下面列出前%d处，", len(f.shown))
		}
		return report, ErrImport.With("表里有%d处要改，一行都没有导入。%s改好后请重新导入。", f.count, rest).WithFields(f.shown...)
	}
	err = p.apply(tx, o.Progress)
	report.Households, report.Members = p.households, p.members
	report.Groups = append(report.Groups, p.madeGroups...)
	return report, err
}

// faults collects what is wrong with a file.
type faults struct {
	shown []errs.Field
	count int
	bad   map[string]bool // numbers of the households that cannot be imported
}

func (f *faults) add(row int, column, number, format string, args ...any) {
	f.count++
	f.bad[number] = true
	if len(f.shown) < MaxFaults {
		f.shown = append(f.shown, errs.Field{Path: fmt.Sprintf("第%d行 %s", row, column), Msg: fmt.Sprintf(format, args...)})
	}
}

func (f *faults) clone() *faults {
	c := &faults{shown: append([]errs.Field{}, f.shown...), count: f.count, bad: make(map[string]bool, len(f.bad))}
	for n := range f.bad {
		c.bad[n] = true
	}
	return c
}
