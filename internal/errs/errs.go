// Package errs is the one error type that reaches a person: what kind of failure it is, a code for programs and a
// sentence in plain Chinese that says what to do. Everything else is an internal error and stays in the log.
package errs

import (
	"errors"
	"fmt"
)

// Kind decides the HTTP status and whether a client may repeat the request unchanged.
type Kind int

const (
	Internal        Kind = iota // a fault of ours; the text never leaves the server
	Invalid                     // the request is wrong and will stay wrong
	Unauthenticated             // no session, or it has ended
	Forbidden                   // the caller may not do this
	NotFound                    // no such thing, or not for this caller
	Conflict                    // the state of things forbids it now (not enough points, sold out, already done)
	TooLarge                    // over a limit of size
	TooMany                     // over a limit of rate; try again later
	Unavailable                 // something we depend on is away; try again
)

func (k Kind) String() string {
	return [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "too_large", "too_many", "unavailable"}[k]
}

// Field names one input that was wrong. Path is the JSON path of the field, or 行/列 of a file.
type Field struct {
	Path string `json:"path" doc:"where: JSON path, or row and column of a file"`
	Msg  string `json:"msg" doc:"what is wrong and what to do, in Chinese"`
}

// Error is made once as a sentinel of its feature and returned as it is, or through With or Wrap.
// Msg is plain Chinese for the person and says what to do next; it never holds personal data.
type Error struct {
	Kind   Kind
	Code   string
	Msg    string
	Fields []Field
	cause  error
}

// New makes a sentinel. Codes are snake_case and unique in the program.
func New(kind Kind, code, msg string) *Error { return &Error{Kind: kind, Code: code, Msg: msg} }

func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Msg
}

func (e *Error) Unwrap() error { return e.cause }

// Is compares by code, so that a copy made by With still equals its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy whose message is the format of the arguments, for numbers and dates a sentinel cannot know.
func (e *Error) With(format string, args ...any) *Error {
	c := *e
	c.Msg = fmt.Sprintf(format, args...)
	return &c
}

// WithFields returns a copy that names the wrong inputs.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// Wrap returns a copy that keeps the cause for the log; the person sees Msg only.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// As finds the Error in a chain, or returns nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf is the kind of the first Error in the chain, Internal when there is none.
func KindOf(err error) Kind {
	if e := As(err); e != nil {
		return e.Kind
	}
	return Internal
}
