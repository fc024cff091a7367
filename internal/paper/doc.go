// Package paper reads and writes what the village keeps outside the program: tables in Excel and CSV, and QR codes.
// It knows rows and cells, not what they mean.
package paper

import "hefen/internal/errs"

// Limits of a table that is read. They hold for what is inside a packed file, so that a small file cannot unpack into
// a full disk.
const (
	MaxFileBytes   = 64 << 20  // of the file as it was sent
	MaxUnpacked    = 512 << 20 // of an Excel file when it is unpacked
	MaxRows        = 200_000
	MaxColumns     = 64
	MaxCellRunes   = 1000
	inMemoryUnpack = 8 << 20 // a sheet larger than this is read from a temporary file
)

var (
	ErrNotATable  = errs.New(errs.Invalid, "paper_not_a_table", "这个文件读不出来。请用 Excel 另存为“.xlsx 工作簿”或“CSV 文件”后再上传。")
	ErrOldExcel   = errs.New(errs.Invalid, "paper_old_excel", "这是旧版 Excel（.xls）或带密码的文件。请在 Excel 里去掉密码，另存为“.xlsx 工作簿”后再上传。")
	ErrTooLarge   = errs.New(errs.TooLarge, "paper_too_large", "文件太大了。请分成几个文件，每个不超过 64 MB、20 万行。")
	ErrEmptyTable = errs.New(errs.Invalid, "paper_empty", "表里没有内容。请从模板开始填写：第一行是表头，第二行起每人一行。")
)
