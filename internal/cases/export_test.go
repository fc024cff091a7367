package cases

// SetEffectBatch makes the batches of TakeEffect smaller, so that a small village takes several.
func SetEffectBatch(n int) { effectBatch = n }

// Columns are those of the table of cases.
var Columns = append(append([]string(nil), columns...), later...)
