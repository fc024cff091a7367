package httpapi

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// compressLeast is from how many bytes an answer is compressed: a page of entries shrinks to a sixth, while the short answers,
// among them the only ones that hold a secret, stay as they are.
const compressLeast = 2 << 10

// compressed sends longer JSON answers compressed to whoever takes that: many villagers pay for each megabyte. The jitter
// keeps the length of an answer from telling what stands in it. Pages come compressed from their folder, photos as they are.
func compressed(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(compressLeast), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false),
		gzhttp.ContentTypes([]string{"application/json"}), gzhttp.RandomJitter(32, 0, false))
	if err != nil {
		panic(err) // only for options that contradict each other
	}
	return wrap(h)
}
