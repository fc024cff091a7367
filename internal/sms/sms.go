// Package sms sends login codes to phones: through Tencent Cloud's SMS service, or into the log of a demonstration. No
// error of this package holds a phone number, a code or a secret.
package sms

import (
	"errors"
	"log/slog"
)

// ErrRefused means that the message has surely not been sent. Every other error leaves it open: it may still arrive, so
// the same message is never sent again.
var ErrRefused = errors.New("sms: refused")

// Mask keeps the first three and the last four figures of a number: 139****1111.
func Mask(phone string) string {
	if len(phone) < 8 {
		return "****"
	}
	return phone[:3] + "****" + phone[len(phone)-4:]
}

// Log writes codes to the log, for demonstrations on one machine: whoever reads the log can log in as anyone.
type Log struct{ To *slog.Logger }
