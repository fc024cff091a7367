// Package paper reads and writes what the village keeps outside the program: tables in Excel and CSV, and QR codes.
// It knows rows and cells, not what they mean.
package paper

import "hefen/internal/errs"

// Limits of a table that is read. A village has some hundred households; a file beyond them is a mistake or an attack.
const (
	MaxFileBytes  = 20 << 20 // of the file as it was sent
	MaxRows       = 60_000   // that hold anything
	MaxColumns    = 64       // what stands further right is passed over
	MaxCellRunes  = 1000
	maxLines      = 1 << 20  // with the empty ones, as in Excel
	maxTableText  = 64 << 20 // bytes of all cells together, as texts
	maxFieldLines = 50       // lines of a quoted field of a CSV file
)

var (
	ErrNotATable  = errs.New(errs.Invalid, "paper_not_a_table", "这个文件读不出来。请用 Excel 另存为“.xlsx 工作簿”或“CSV 文件”后再上传。")
	ErrOldExcel   = errs.New(errs.Invalid, "paper_old_excel", "这是旧版 Excel（.xls）或带密码的文件。请在 Excel 里去掉密码，另存为“.xlsx 工作簿”后再上传。")
	ErrTooLarge   = errs.New(errs.TooLarge, "paper_too_large", "文件太大了。请分成几个文件，每个不超过 20 MB、6 万行；如果实际没有这么多内容，请下载模板，只把内容粘贴进去再上传。")
	ErrEmptyTable = errs.New(errs.Invalid, "paper_empty", "表里没有内容。请从模板开始填写：第一行是表头，第二行起每人一行。")
	ErrQuote      = errs.New(errs.Invalid, "paper_quote", "文件里有一个双引号没有成对，请删去或补上。")
)
