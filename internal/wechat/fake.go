package wechat

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // the kinds of picture that CheckImage takes
	_ "image/png"
	"regexp"
	"strings"
	"sync"

	"github.com/skip2/go-qrcode"
)

// FakeAppID is the app id of the fake.
const FakeAppID = "demo"

// Fake stands in for WeChat on a machine of its own: code "demo:keeper" is the person demo-keeper, phone code
// "demo:13900001111" the number. Whoever knows a name is that person, so it must never be reachable from elsewhere;
// access.DemoAllowed decides.
type Fake struct {
	mu   sync.Mutex
	sent []Message
}

var (
	fakeCodes  = regexp.MustCompile(`^demo:[A-Za-z0-9_-]{1,64}$`)
	fakePhones = regexp.MustCompile(`^demo:1[0-9]{10}$`)
)

// maxSent messages are kept to be looked at; older ones go.
const maxSent = 100

func (f *Fake) AppID() string { return FakeAppID }

func (f *Fake) Login(_ context.Context, code string) (Login, error) {
	if !fakeCodes.MatchString(code) {
		return Login{}, ErrCode
	}
	return Login{OpenID: strings.Replace(code, ":", "-", 1)}, nil
}

func (f *Fake) Phone(_ context.Context, code string) (string, error) {
	if !fakePhones.MatchString(code) {
		return "", ErrCode
	}
	return strings.TrimPrefix(code, "demo:"), nil
}

func (f *Fake) Send(_ context.Context, m Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sent = append(f.sent, m); len(f.sent) > maxSent {
		f.sent = f.sent[1:]
	}
	return nil
}

// Sent lists the latest messages, oldest first.
func (f *Fake) Sent() []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Message(nil), f.sent...)
}

// Code draws an ordinary QR code of the page and scene.
func (f *Fake) Code(_ context.Context, page, scene string) ([]byte, error) {
	return qrcode.Encode(page+"?scene="+scene, qrcode.Medium, 430)
}

// CheckText finds nothing wrong, except in texts with 违规 so that refusals can be tried.
func (f *Fake) CheckText(_ context.Context, _, text string) (Verdict, error) {
	if strings.Contains(text, "违规") {
		return Risky, nil
	}
	return Pass, nil
}

// CheckImage finds nothing wrong, except in pictures that are all of one pure red so that refusals can be tried.
func (f *Fake) CheckImage(_ context.Context, data []byte) (Verdict, error) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", ErrContent
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += max(1, b.Dy()/16) {
		for x := b.Min.X; x < b.Max.X; x += max(1, b.Dx()/16) {
			if r, g, b, _ := img.At(x, y).RGBA(); r < 0xf000 || g > 0x1000 || b > 0x1000 {
				return Pass, nil
			}
		}
	}
	return Risky, nil
}
