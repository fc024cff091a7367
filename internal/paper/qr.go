package paper

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

// QR is a PNG of size × size pixels of a QR code that stays readable when a quarter of it is worn off.
func QR(content string, size int) ([]byte, error) {
	png, err := qrcode.Encode(content, qrcode.High, min(max(size, 120), 1200))
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	return png, nil
}
