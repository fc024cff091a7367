package sms

import (
	"context"
	"log/slog"
)

// LogMessage is the message under which the log has a code.
const LogMessage = "login code"

// SendCode writes the code beside the masked number.
func (l Log) SendCode(ctx context.Context, phone, code string, minutes int) error {
	l.To.LogAttrs(ctx, slog.LevelInfo, LogMessage, slog.String("phone", Mask(phone)), slog.String("code", code), slog.Int("minutes", minutes))
	return nil
}
