package storage

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
)

var (
	// ErrRequestID refuses a request_id that the device did not make as told.
	ErrRequestID = errs.New(errs.Invalid, "request_id_format", "请求编号不对：应为16到64位字母、数字、横线或下划线，请更新小程序后再试")
	// ErrRequestReused is the answer to an id that has already carried other content.
	ErrRequestReused = errs.New(errs.Conflict, "request_id_reused", "这个请求编号已用于另一笔操作，请返回后重新提交")
)

var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)

// Once makes a client's write happen once. It is the first statement of the transaction and stores the id (ref) of the
// record about to be made. If this user has already sent the same id with the same op and body, it answers the earlier
// record's id and repeated=true: the caller then reads and returns that record. Other content gives ErrRequestReused.
// A refusal later in the transaction rolls the row back, so a corrected request may use the id again. With an error the
// answer is ref itself: a caller that keeps it over the attempts of InTx loses nothing by a deadlock here.
func (tx *Tx) Once(user id.ID, request, op string, body any, ref id.ID) (earlier id.ID, repeated bool, err error) {
	if !requestID.MatchString(request) {
		return ref, false, ErrRequestID
	}
	hash, err := tx.db.bodyHash(op, body)
	if err != nil {
		return ref, false, err
	}
	_, err = tx.Exec("INSERT INTO requests (user_id, request_id, op, body_hash, ref_id, created_at) VALUES (?,?,?,?,?,?)",
		user, request, op, hash, ref, clock.Ms(time.Now()))
	if err == nil {
		return ref, false, nil
	}
	if !IsDuplicate(err) {
		return ref, false, fmt.Errorf("store request: %w", err)
	}
	var oldOp string
	var oldHash []byte
	if err := tx.QueryRow("SELECT op, body_hash, ref_id FROM requests WHERE user_id = ? AND request_id = ?", user, request).
		Scan(&oldOp, &oldHash, &earlier); err != nil {
		return ref, false, fmt.Errorf("read request: %w", err)
	}
	if oldOp != op || !bytes.Equal(oldHash, hash) {
		return ref, false, ErrRequestReused
	}
	return earlier, true, nil
}

// Earlier is the record that a request of a user has made, and whether there is one: for a caller who may not do any more
// what was carried out, and whose device never heard the answer. Other content gives ErrRequestReused.
func (d *DB) Earlier(ctx context.Context, user id.ID, request, op string, body any) (ref id.ID, found bool, err error) {
	var oldOp string
	var oldHash []byte
	err = d.QueryRow(ctx, "SELECT op, body_hash, ref_id FROM requests WHERE user_id = ? AND request_id = ?", user, request).Scan(&oldOp, &oldHash, &ref)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read request: %w", err)
	}
	hash, err := d.bodyHash(op, body)
	if err != nil {
		return 0, false, err
	}
	if oldOp != op || !bytes.Equal(oldHash, hash) {
		return 0, false, ErrRequestReused
	}
	return ref, true, nil
}

// Requested reports whether a user's request id has carried something out.
func (d *DB) Requested(ctx context.Context, user id.ID, request string) (bool, error) {
	if !requestID.MatchString(request) {
		return false, nil
	}
	var n int
	err := d.QueryRow(ctx, "SELECT COUNT(*) FROM requests WHERE user_id = ? AND request_id = ?", user, request).Scan(&n)
	return n > 0, err
}

// bodyHash is keyed: a body may hold a phone or ID number, and a plain hash of one can be guessed from a stolen copy.
func (d *DB) bodyHash(op string, body any) ([]byte, error) {
	if d.Keys == nil {
		return nil, errors.New("hash request: the database was opened without its keys")
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("hash request: %w", err)
	}
	return d.Keys.Index("request:"+op, string(b)), nil
}
