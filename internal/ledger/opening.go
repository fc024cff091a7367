package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// ErrOpeningSubject refuses opening balances when the scheme has no wallet that could take them.
var ErrOpeningSubject = errs.New(errs.Conflict, "ledger_no_opening_wallet", "现行细则没有可以录入期初积分的积分种类。")

// OpeningReport tells what an import of opening balances did.
type OpeningReport struct {
	Rows   int           `json:"rows"`
	Posted int           `json:"posted" doc:"balances that were entered"`
	Same   int           `json:"same" doc:"balances that had been entered before"`
	Sum    points.Amount `json:"sum" doc:"hundredths of a point that were entered"`
	Unused []string      `json:"unused_columns"`

	Repeated bool `json:"repeated" doc:"the same request had been carried out before"`
}

// OpeningWallets are the wallets that may take a balance from a paper book: those that can be spent. A score wallet reads
// deeds only.
func OpeningWallets(book *scheme.Scheme) []village.Wallet {
	var out []village.Wallet
	for _, w := range book.Wallets {
		if w.Kind == scheme.KindSpend {
			out = append(out, village.Wallet{Code: w.Code, Name: w.Name})
		}
	}
	return out
}

// ImportOpenings enters the balances of paper books from a sheet (see village.ReadOpenings), all or nothing, one posting of kind
// Opening for each account and wallet, counted on w.On (the day of at if zero) or the first open day after it. What has been entered before is
// left alone, and another amount for it is a mistake: corrections go by reversal. own tells the households of the official
// who sends the sheet and of declared kin: nobody enters points there; nil for a command run on the server. A repeat of
// w.RequestID answers the first report. It returns village.ErrImport with rows and columns.
func ImportOpenings(ctx context.Context, db *storage.DB, villages *village.Service, book *scheme.Scheme, w village.Write, at time.Time, r io.Reader, own func(household id.ID) bool) (OpeningReport, error) {
	wallets := OpeningWallets(book)
	if len(wallets) == 0 {
		return OpeningReport{}, ErrOpeningSubject
	}
	on := w.On // as it was sent
	if w.On == 0 {
		w.On = clock.DayOf(at)
	}
	if !w.On.Valid() || w.On > clock.DayOf(at) {
		return OpeningReport{}, village.ErrBadDay.With("日期不对：不能晚于今天。")
	}
	sheet, err := villages.ReadOpenings(ctx, w.Village, r, wallets)
	if err != nil {
		return OpeningReport{}, err
	}
	if err := sheet.Err(); err != nil {
		return OpeningReport{}, err
	}
	var report OpeningReport
	made := db.NewID()
	sent := w
	sent.On = on
	err = db.InTx(ctx, func(tx *storage.Tx) error {
		report = OpeningReport{}
		again, err := village.ImportOnce(tx, sent, "ledger.openings", sheet.Sum, made, &report)
		if err != nil || again {
			report.Repeated = again
			return err
		}
		report = OpeningReport{Rows: sheet.Rows, Unused: sheet.Unused}
		if err := postOpenings(tx, book, w, at, sheet, wallets, own, &report); err != nil {
			return err
		}
		return village.NoteImport(tx, w, village.OpeningFile, made, w.On, clock.Ms(at), report)
	})
	if errors.Is(err, ErrPosted) { // another import came between
		err = village.ErrImport.With("同一张表正在被别人录入，请稍后再试。").Wrap(err)
	}
	return report, err
}

func postOpenings(tx *storage.Tx, book *scheme.Scheme, w village.Write, at time.Time, sheet *village.Openings, wallets []village.Wallet, own func(id.ID) bool, report *OpeningReport) error {
	var accounts []id.ID
	for _, l := range sheet.Lines {
		accounts = append(accounts, l.Owner)
	}
	if err := Guard(tx, accounts, nil); err != nil {
		return err
	}
	before, err := openings(tx, w.Village)
	if err != nil {
		return err
	}
	day, err := CountedOn(tx, w.Village, w.On)
	if err != nil {
		return err
	}
	batch := tx.NewID()
	var postings []Posting
	again := sheet.Clone() // mistakes of one attempt must not stay for the next
	for _, l := range sheet.Lines {
		for _, wallet := range wallets {
			amount, old := l.Amounts[wallet.Code], before[slot{l.Owner, wallet.Code, Available}]
			switch {
			case amount == 0:
			case old.sum == amount:
				report.Same++
			case old.sum != 0:
				again.Fault(l.Row, wallet.Name, "已经录入过%s分；要更正请先冲正原来那一笔，再录入", old.sum)
			case own != nil && own(l.Household):
				again.Fault(l.Row, wallet.Name, "这是您自家或亲属家，不能由您录入，请交给其他工作人员")
			default:
				postings = append(postings, Posting{Village: w.Village, Kind: Opening, Ref: fmt.Sprintf("%s:%s:%d", l.Owner, wallet.Code, old.times+1), Batch: batch,
					By: w.By, Title: "期初积分（纸质存折转入）", At: at, Occurred: day, Counted: day,
					Lines: []Line{{Account: l.Owner, Wallet: wallet.Code, Amount: amount}}})
				report.Posted++
				report.Sum += amount
			}
		}
	}
	if err := again.Err(); err != nil {
		return err
	}
	for chunk := range slices.Chunk(postings, storage.ChunkRows) {
		if _, err := Post(tx, book, chunk...); err != nil {
			return err
		}
	}
	return nil
}

// entered is how often an opening balance was posted and what stands of it.
type entered struct {
	sum   points.Amount
	times int
}

// openings are the opening balances of a village: entered, less what was reversed.
func openings(tx *storage.Tx, villageID id.ID) (map[slot]entered, error) {
	rows, err := tx.Query(`SELECT e.account_id, e.wallet, SUM(e.amount), SUM(CASE WHEN e.kind = 'opening' THEN 1 ELSE 0 END) FROM entries e
		WHERE e.village_id = ? AND (e.kind = 'opening' OR e.kind = 'reverse' AND EXISTS
			(SELECT 1 FROM entries o WHERE o.account_id = e.account_id AND o.posting_id = e.corrects_id AND o.kind = 'opening'))
		GROUP BY e.account_id, e.wallet`, villageID)
	if err != nil {
		return nil, fmt.Errorf("read openings: %w", err)
	}
	defer rows.Close()
	out := map[slot]entered{}
	for rows.Next() {
		k := slot{bucket: Available}
		var e entered
		if err := rows.Scan(&k.account, &k.wallet, &e.sum, &e.times); err != nil {
			return nil, err
		}
		out[k] = e
	}
	return out, rows.Err()
}
