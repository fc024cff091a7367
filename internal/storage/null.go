package storage

import "database/sql"

// OrZero scans a number into to, and zero where the column is NULL, as those of a LEFT JOIN are that found nothing: a
// statement of twenty such columns stays readable, and the server has less to do for it.
func OrZero[T ~int64 | ~int32](to *T) sql.Scanner { return orZero[T]{to} }

type orZero[T ~int64 | ~int32] struct{ to *T }

func (n orZero[T]) Scan(v any) error {
	switch v := v.(type) { // what the drivers give; the rest goes through text
	case nil:
		*n.to = 0
		return nil
	case int64:
		*n.to = T(v)
		return nil
	}
	var i sql.NullInt64
	if err := i.Scan(v); err != nil {
		return err
	}
	*n.to = T(i.Int64)
	return nil
}

// OrEmpty is OrZero for texts.
func OrEmpty(to *string) sql.Scanner { return orEmpty{to} }

type orEmpty struct{ to *string }

func (n orEmpty) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	*n.to = s.String
	return nil
}
