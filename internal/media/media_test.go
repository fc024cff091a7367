package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/wechat"
)

// bench is a service with a clock that tests move.
type bench struct {
	*Service
	t      *testing.T
	at     time.Time
	folder *Folder
	lanes  *storage.Lanes
}

var (
	anna = Sender{Village: 11, User: 101}
	ben  = Sender{Village: 11, User: 102}
)

func newBench(t *testing.T, db *storage.DB, wx wechat.Client) *bench {
	t.Helper()
	folder, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, at: clock.MakeDay(2026, 5, 20).Start().Add(9 * time.Hour), folder: folder}
	b.Service = New(db, func() time.Time { return b.at }, folder, config.Photos{MaxBytes: 2 << 20, PerDay: 20, KeepMonths: 6})
	b.lanes = storage.NewLanes(db, storage.LaneOptions{MaxBackoff: time.Nanosecond})
	if wx != nil {
		b.CheckedBy(wx, func(_ context.Context, user id.ID) (string, error) { return "openid-" + user.String(), nil })
	}
	if err := b.Start(context.Background(), b.lanes); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) put(by Sender, data []byte) Upload {
	b.t.Helper()
	u, err := b.Put(context.Background(), by, data)
	if err != nil || !u.Done || u.Photo == 0 {
		b.t.Fatalf("put: %+v %v", u, err)
	}
	return u
}

func (b *bench) attach(u Use, refs ...Ref) error {
	return b.db.InTx(context.Background(), func(tx *storage.Tx) error { return b.Attach(tx, u, refs...) })
}

func (b *bench) shots(v Viewer, ref id.ID) []Shot {
	b.t.Helper()
	m, err := b.Shots(context.Background(), v, "case", ref)
	if err != nil {
		b.t.Fatal(err)
	}
	return m[ref]
}

func (b *bench) count(query string, args ...any) (n int) {
	b.t.Helper()
	if err := b.db.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) stored(hash string) bool {
	b.t.Helper()
	key, err := keyOf(hash, false)
	if err != nil {
		b.t.Fatal(err)
	}
	ok, err := b.store.Has(context.Background(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return ok
}

func (b *bench) sweep() {
	b.t.Helper()
	if _, err := b.Sweep(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

func plain(c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for y := range 40 {
		for x := range 60 {
			img.Set(x, y, c)
		}
	}
	return img
}

func TestPutOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		data := asJPEG(corner(300, 200))
		first := b.put(anna, data)
		if again := b.put(anna, data); again.Photo != first.Photo || again.ID != first.ID {
			t.Errorf("again: %+v, first %+v", again, first)
		}
		other := b.put(ben, data) // the same picture is stored once; the uploads are two
		if other.Photo != first.Photo || other.ID == first.ID {
			t.Errorf("by another: %+v, first %+v", other, first)
		}
		if n := b.count("SELECT COUNT(*) FROM media"); n != 1 {
			t.Errorf("%d pictures", n)
		}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				if _, err := b.Put(context.Background(), Sender{11, id.ID(200 + i)}, asJPEG(corner(120, 90))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := b.count("SELECT COUNT(*) FROM media"); n != 2 {
			t.Errorf("%d pictures", n)
		}
		b.clean()
	})
}

func TestLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		_, err := b.Put(ctx, anna, make([]byte, 2<<20+1))
		if !errors.Is(err, ErrTooLarge) || errs.KindOf(err) != errs.TooLarge {
			t.Errorf("too large: %v", err)
		}
		for i, d := range []Declaration{{"x", 1}, {hashOf(nil), 0}, {hashOf(nil), -1}, {"../../../../etc/passwd", 5}} {
			if _, err := b.Declare(ctx, anna, d); !errors.Is(err, ErrDeclared) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if _, err := b.Declare(ctx, anna, Declaration{hashOf(nil), 2<<20 + 1}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("declared too large: %v", err)
		}
		if _, err := b.Put(ctx, anna, []byte("nothing")); !errors.Is(err, ErrNotPicture) {
			t.Errorf("no picture: %v", err)
		}
		if n := b.count("SELECT COUNT(*) FROM uploads"); n != 0 {
			t.Errorf("%d uploads are left of what was refused", n)
		}
		for i := range 20 {
			b.put(anna, asPNG(corner(10+i, 10)))
		}
		if _, err := b.Put(ctx, anna, asPNG(corner(60, 10))); !errors.Is(err, ErrDaily) {
			t.Errorf("daily limit: %v", err)
		}
		b.put(anna, asPNG(corner(10, 10))) // a repeat is none
		b.put(ben, asPNG(corner(60, 10)))
		b.at = b.at.Add(24 * time.Hour)
		b.put(anna, asPNG(corner(60, 10)))
	})
}

// An upload that is cut at any byte, sent twice, out of order and by a killed app comes out as the same photo, once.
func TestChunksSurviveCuts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		data := asPNG(noise(300, 260))
		want := b.put(ben, data).Photo
		r := rand.New(rand.NewPCG(3, 4))
		for round := range 4 {
			by := Sender{Village: 11, User: id.ID(300 + round)}
			u, err := b.Declare(ctx, by, Declaration{hashOf(data), int64(len(data))})
			if err != nil {
				t.Fatal(err)
			}
			for u.Received < u.Size {
				if r.IntN(3) == 0 { // the app was killed and knows nothing
					u, err = b.Declare(ctx, by, Declaration{hashOf(data), int64(len(data))})
					if err != nil {
						t.Fatal(err)
					}
				}
				from := max(0, u.Received-int64(r.IntN(5000))) // a repeat, or one that overlaps
				to := min(u.Size, from+1+int64(r.IntN(60_000)))
				if r.IntN(4) == 0 { // the piece is sent, its answer is lost
					if _, err := b.PutChunk(ctx, by, u.ID, from, data[from:to]); err != nil {
						t.Fatal(err)
					}
				}
				if now, err := b.Upload(ctx, by, u.ID); err != nil {
					t.Fatal(err)
				} else if next := now.Received + 1; next < u.Size {
					if _, err := b.PutChunk(ctx, by, u.ID, next, data[next:next+1]); !errors.Is(err, ErrGap) {
						t.Fatalf("behind a gap: %v", err)
					}
				}
				if _, err := b.Complete(ctx, by, u.ID); u.Received < u.Size && !errors.Is(err, ErrIncomplete) && b.count("SELECT received FROM uploads WHERE id = ?", u.ID) < int(u.Size) {
					t.Fatalf("half: %v", err)
				}
				if u, err = b.PutChunk(ctx, by, u.ID, from, data[from:to]); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				done, err := b.Complete(ctx, by, u.ID)
				if err != nil || done.Photo != want {
					t.Fatalf("complete: %+v %v, want photo %d", done, err, want)
				}
			}
			if after, err := b.PutChunk(ctx, by, u.ID, 0, data[:100]); err != nil || !after.Done {
				t.Errorf("a late piece: %+v %v", after, err)
			}
		}
		if n := b.count("SELECT COUNT(*) FROM upload_chunks"); n != 0 {
			t.Errorf("%d pieces are left", n)
		}
		b.clean()
	})
}

func TestDamagedUpload(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		data := asPNG(corner(50, 50))
		u, err := b.Declare(ctx, anna, Declaration{hashOf(data), int64(len(data))})
		if err != nil {
			t.Fatal(err)
		}
		wrong := bytes.Clone(data)
		wrong[len(wrong)/2] ^= 1
		if _, err := b.PutChunk(ctx, anna, u.ID, 0, wrong); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Complete(ctx, anna, u.ID); !errors.Is(err, ErrDamaged) || errs.KindOf(err) != errs.Conflict {
			t.Fatalf("damaged: %v", err)
		}
		if u, err = b.Upload(ctx, anna, u.ID); err != nil || u.Received != 0 {
			t.Fatalf("begins again: %+v %v", u, err)
		}
		for name, err := range map[string]error{
			"size": second(b.Declare(ctx, anna, Declaration{hashOf(data), 5})), "long": second(b.PutChunk(ctx, anna, u.ID, int64(len(data)), []byte("x"))),
			"empty": second(b.PutChunk(ctx, anna, u.ID, 0, nil)), "huge": second(b.PutChunk(ctx, anna, u.ID, 0, make([]byte, MaxChunk+1))),
			"another": second(b.PutChunk(ctx, ben, u.ID, 0, data)), "another_village": second(b.Complete(ctx, Sender{12, anna.User}, u.ID)),
			"look": second(b.Upload(ctx, ben, u.ID)),
		} {
			want := map[string]error{"size": ErrReused, "long": ErrChunk, "empty": ErrChunk, "huge": ErrChunk, "another": ErrNoUpload, "another_village": ErrNoUpload, "look": ErrNoUpload}[name]
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.PutChunk(ctx, anna, u.ID, 0, data); err != nil {
			t.Fatal(err)
		}
		if u, err = b.Complete(ctx, anna, u.ID); err != nil || !u.Done {
			t.Errorf("after the damage: %+v %v", u, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAttach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		data := asJPEG(corner(300, 200))
		u := b.put(anna, data)
		use := Use{Village: 11, Kind: "case", Ref: 7, Role: "photo", By: anna.User}
		for range 2 {
			if err := b.attach(use, Ref{Photo: u.Photo}, Ref{SHA256: u.SHA256}); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.shots(Viewer{User: 5}, 7); len(got) != 1 || got[0].State != Shown || got[0].Role != "photo" || got[0].Width != 300 {
			t.Fatalf("shots %+v", got)
		}
		stolen := use
		stolen.By, stolen.Ref = ben.User, 8
		elsewhere := use
		elsewhere.Village, elsewhere.Ref = 12, 9
		for name, c := range map[string]struct {
			use Use
			ref Ref
		}{"of_another": {stolen, Ref{Photo: u.Photo}}, "in_another_village": {elsewhere, Ref{Photo: u.Photo}}, "nothing": {use, Ref{}}, "unknown": {use, Ref{SHA256: hashOf([]byte("x"))}}} {
			if err := b.attach(c.use, c.ref); !errors.Is(err, ErrNotUploaded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := b.attach(use, make([]Ref, MaxPhotos+1)...); !errors.Is(err, ErrMany) {
			t.Errorf("too many: %v", err)
		}
		if err := b.db.InTx(context.Background(), func(tx *storage.Tx) error { return b.Detach(tx, 11, "case", 7) }); err != nil {
			t.Fatal(err)
		}
		if got := b.shots(Viewer{User: 5}, 7); len(got) != 0 {
			t.Errorf("taken off: %+v", got)
		}
		b.clean()
	})
}

func TestLinks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		u := b.put(anna, asJPEG(corner(300, 200)))
		if err := b.attach(Use{Village: 11, Kind: "case", Ref: 7, Role: "photo", By: anna.User}, Ref{Photo: u.Photo}); err != nil {
			t.Fatal(err)
		}
		link := b.shots(Viewer{User: 5}, 7)[0].URL[len(LinkPath):]
		o, err := b.Open(ctx, link)
		if err != nil || o.Viewer != 5 || o.Kind != "case" || o.Ref != 7 || o.Village != 11 {
			t.Fatalf("open: %+v %v", o, err)
		}
		full, err := b.Bytes(ctx, o, Viewer{User: 5}, false)
		if err != nil || hashOf(full) != o.Hash {
			t.Errorf("bytes: %v", err)
		}
		if small, err := b.Bytes(ctx, o, Viewer{User: 5}, true); err != nil || len(small) == 0 || len(small) > maxSmall {
			t.Errorf("small: %d bytes, %v", len(small), err)
		}
		for i := range len(link) {
			changed := []byte(link)
			changed[i] = map[bool]byte{true: 'A', false: 'B'}[changed[i] == 'B']
			if _, err := b.Open(ctx, string(changed)); !errors.Is(err, ErrNoPhoto) && string(changed) != link {
				t.Fatalf("changed at %d: %v", i, err)
			}
		}
		for _, bad := range []string{"", "x", link + "A", link[:len(link)-4]} {
			if _, err := b.Open(ctx, bad); !errors.Is(err, ErrNoPhoto) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		b.at = b.at.Add(linkStep)
		if _, err := b.Open(ctx, link); err != nil {
			t.Errorf("after ten minutes: %v", err)
		}
		b.at = b.at.Add(linkStep)
		if _, err := b.Open(ctx, link); !errors.Is(err, ErrNoPhoto) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// Photos that nobody uses and evidence past its months go, their hashes stay; what is used stays; sent again they are back.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		pictures := map[string][]byte{}
		uploads := map[string]Upload{}
		for i, name := range []string{"unused", "evidence", "goods", "both"} {
			pictures[name] = asPNG(corner(40+i, 40))
			uploads[name] = b.put(anna, pictures[name])
		}
		hash := func(name string) (h string) {
			if err := db.QueryRow(ctx, "SELECT hash FROM media WHERE id = ?", uploads[name].Photo).Scan(&h); err != nil {
				t.Fatal(err)
			}
			return h
		}
		evidence := Use{Village: 11, Kind: "case", Ref: 7, Role: "photo", By: anna.User}
		goods := Use{Village: 11, Kind: "goods", Ref: 9, Role: "photo", By: anna.User, Lasting: true}
		for _, err := range []error{b.attach(evidence, Ref{Photo: uploads["evidence"].Photo}, Ref{Photo: uploads["both"].Photo}),
			b.attach(goods, Ref{Photo: uploads["goods"].Photo}, Ref{Photo: uploads["both"].Photo})} {
			if err != nil {
				t.Fatal(err)
			}
		}
		half := asPNG(corner(70, 70))
		open, err := b.Declare(ctx, anna, Declaration{hashOf(half), int64(len(half))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.PutChunk(ctx, anna, open.ID, 0, half[:20]); err != nil {
			t.Fatal(err)
		}
		// An upload that broke off between the store and its row, as by a kill.
		p, err := convert(ctx, half)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Service.put(ctx, hashOf(p.full), p); err != nil {
			t.Fatal(err)
		}
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE uploads SET hash = ? WHERE id = ?", hashOf(p.full), open.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		state := func(want map[string]bool) {
			t.Helper()
			b.sweep()
			for name, there := range want {
				if b.stored(hash(name)) != there {
					t.Errorf("on %s %s stored: %v", clock.DayOf(b.at), name, !there)
				}
			}
		}
		state(map[string]bool{"unused": true, "evidence": true, "goods": true, "both": true})
		if !b.stored(hashOf(p.full)) || b.count("SELECT COUNT(*) FROM upload_chunks") != 1 {
			t.Error("an upload under way was removed")
		}
		b.at = b.at.Add(8 * 24 * time.Hour)
		b.sweep()
		if b.stored(hashOf(p.full)) || b.count("SELECT COUNT(*) FROM upload_chunks") != 0 || b.count("SELECT COUNT(*) FROM uploads WHERE state = 'open'") != 0 {
			t.Error("an abandoned upload is still there")
		}
		b.at = b.at.Add(41 * 24 * time.Hour)
		state(map[string]bool{"unused": false, "evidence": true, "goods": true, "both": true})
		b.at = b.at.AddDate(0, 6, 0)
		state(map[string]bool{"unused": false, "evidence": false, "goods": true, "both": true})
		if got := b.shots(Viewer{User: anna.User}, 7); len(got) != 2 || got[0].State != Removed || got[0].URL != "" || got[0].Hash != hash("evidence") {
			t.Errorf("removed evidence: %+v", got)
		}
		if err := db.InTx(ctx, func(tx *storage.Tx) error { return b.Detach(tx, 11, "goods", 9) }); err != nil {
			t.Fatal(err)
		}
		state(map[string]bool{"goods": false, "both": false})
		again := b.put(anna, pictures["unused"])
		if again.Photo != uploads["unused"].Photo || !b.stored(hash("unused")) {
			t.Errorf("sent again: %+v", again)
		}
		b.clean()
	})
}

// A removal that broke off is ended by the next run, and the picture cannot be used in between.
func TestSweepResumes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		ctx := context.Background()
		data := asPNG(corner(40, 40))
		u := b.put(anna, data)
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec("UPDATE media SET state = 'purging'")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := b.attach(Use{Village: 11, Kind: "case", Ref: 7, Role: "photo", By: anna.User}, Ref{Photo: u.Photo}); !errors.Is(err, ErrNotUploaded) {
			t.Errorf("used while it is removed: %v", err)
		}
		if _, err := b.Put(ctx, ben, data); !errors.Is(err, ErrBusy) {
			t.Errorf("sent while it is removed: %v", err)
		}
		b.sweep()
		if got := b.put(ben, data); got.Photo != u.Photo {
			t.Errorf("sent afterwards: %+v", got)
		}
		b.clean()
	})
}

// clean is the audit at the end of a test.
func (b *bench) clean() {
	b.t.Helper()
	rows, broken, err := Audit(context.Background(), b.db, b.store)
	if err != nil || len(broken) > 0 {
		b.t.Errorf("audit of %d rows: %v %v", rows, broken, err)
	}
}

// away is a WeChat that does not answer until it is told to.
type awayWeChat struct {
	wechat.Fake
	answers bool
	asked   int
}

func (w *awayWeChat) CheckImage(ctx context.Context, data []byte) (wechat.Verdict, error) {
	if w.asked++; !w.answers {
		return "", wechat.ErrAway
	}
	return w.Fake.CheckImage(ctx, data)
}

func (w *awayWeChat) CheckText(ctx context.Context, openid, text string) (wechat.Verdict, error) {
	if w.asked++; !w.answers {
		return "", wechat.ErrAway
	}
	return w.Fake.CheckText(ctx, openid, text)
}

// What a villager sent is shown to others when WeChat has let it pass; what an official sent is shown until WeChat forbids it;
// while WeChat is away everything is taken.
func TestContentCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		wx := &awayWeChat{}
		b := newBench(t, db, wx)
		ctx := context.Background()
		fine, red := b.put(anna, asPNG(corner(40, 40))), b.put(anna, asPNG(plain(color.RGBA{255, 0, 0, 255})))
		see := func(want string, v Viewer, ref id.ID) {
			t.Helper()
			if got := b.shots(v, ref)[0]; got.State != want || (got.URL != "") != (want == Shown) {
				t.Errorf("case %d for %+v: %s, want %s", ref, v, got.State, want)
			}
		}
		for ref, c := range map[id.ID]struct {
			photo   id.ID
			trusted bool
		}{1: {fine.Photo, false}, 2: {fine.Photo, true}, 3: {red.Photo, false}, 4: {red.Photo, true}} {
			if err := b.attach(Use{Village: 11, Kind: "case", Ref: ref, Role: "photo", By: anna.User, Trusted: c.trusted}, Ref{Photo: c.photo}); err != nil {
				t.Fatal(err)
			}
		}
		for ref, text := range map[id.ID]string{1: "帮邻居收稻子", 2: "违规的话", 5: "帮邻居收稻子", 6: "违规的话"} {
			for range 2 { // a text may be written anew
				if err := db.InTx(ctx, func(tx *storage.Tx) error { return b.AskText(tx, anna, ref > 4, "note", ref, text) }); err != nil {
					t.Fatal(err)
				}
			}
		}
		readable := func(v Viewer) string {
			t.Helper()
			m, err := b.Readable(ctx, v, "note", 1, 2, 3, 5, 6)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(m[1], m[2], m[3], m[5], m[6])
		}
		drain := func() {
			t.Helper()
			for range 3 {
				if err := b.lanes.Drain(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		drain()
		stranger, official, author := Viewer{User: 5}, Viewer{User: 6, Official: true}, Viewer{User: anna.User}
		see(Waiting, stranger, 1)
		see(Waiting, official, 1)
		see(Shown, author, 1)
		see(Shown, stranger, 2)
		see(Shown, stranger, 4)
		if got := readable(stranger) + "/" + readable(author); got != "false false true true true/true true true true true" {
			t.Errorf("texts before an answer: %s", got)
		}
		asked := wx.asked
		drain()
		if wx.asked != asked {
			t.Errorf("WeChat was asked %d times while it rests", wx.asked-asked)
		}
		wx.answers, b.at = true, b.at.Add(2*checkRest)
		drain()
		see(Shown, stranger, 1)
		see(Shown, stranger, 2)
		see(Withheld, stranger, 3)
		see(Withheld, official, 4)
		see(Shown, author, 3)
		if got := readable(stranger) + "/" + readable(official); got != "true false true true false/true false true true false" {
			t.Errorf("texts after the answer: %s", got)
		}
		o, err := b.Open(ctx, b.shots(author, 3)[0].URL[len(LinkPath):])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Bytes(ctx, o, stranger, false); !errors.Is(err, ErrNoPhoto) {
			t.Errorf("bytes of a forbidden photo: %v", err)
		}
		b.clean()
	})
}
