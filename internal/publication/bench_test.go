package publication

import (
	"context"
	"testing"

	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/paper"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// BenchmarkPublish publishes a village's month, 2,000 cases of 500 households, and makes its PDF.
func BenchmarkPublish(b *testing.B) {
	for _, engine := range []storage.Dialect{storage.SQLite, storage.MySQL} {
		b.Run(string(engine), func(b *testing.B) {
			ctx := context.Background()
			font := paper.NewFont("")
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b, dbtest.Open(b, engine), 500)
				for range 4 {
					for chunk := range storage.Chunks(w.homes, cases.MaxSubjects) {
						_, err := w.cases.Record(ctx, w.member, w.village, cases.Request{RequestID: w.request(), Item: "sweep", Subjects: chunk, OccurredOn: clock.DayOf(w.now())})
						w.must(err)
					}
				}
				p, err := w.pub.Preview(ctx, w.member, w.village, june)
				w.must(err)
				b.StartTimer()
				n, err := w.pub.Publish(ctx, w.member, w.village, PublishRequest{RequestID: w.request(), Range: june, Digest: p.Digest})
				w.must(err)
				b.ReportMetric(b.Elapsed().Seconds()/float64(max(b.N, 1)), "s-until-published")
				page, err := w.pub.Page(ctx, w.member, w.village, n.ID)
				w.must(err)
				d, err := page.Document("https://hefen.example"+n.Link, false)
				w.must(err)
				pdf, err := d.PDF(font)
				w.must(err)
				if n.Cases != 2000 || len(pdf) < 100_000 {
					b.Fatal(n.Cases, len(pdf))
				}
			}
		})
	}
}
