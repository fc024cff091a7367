package season_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/access/accesstest"
	"hefen/internal/clock"
	"hefen/internal/market"
	"hefen/internal/media"
	"hefen/internal/season"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// signature is a photo that somebody has uploaded.
func (w *world) signature(by access.Actor) media.Ref {
	w.t.Helper()
	w.refs++
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 {
		img.Set(i, (i*w.refs)%64, color.White)
	}
	var b bytes.Buffer
	w.must(jpeg.Encode(&b, img, nil))
	u, err := w.photos.Put(ctx, media.Sender{Village: w.village, User: by.User()}, b.Bytes())
	w.must(err)
	return media.Ref{Photo: u.Photo}
}

// TestUncollect: a prize that was entered as collected by mistake waits again, its goods are in the stock and the signature is
// taken off; it is collected anew against another one. The next day nothing can be undone.
func TestUncollect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := yearEnd(t, db)
		list := w.carry("at_once issued 4/7 4; fixed draft 2/7 0; chosen draft 2/7 0; lots frozen 0/7 0; late early 0/0 0")
		round := list[0].Award
		shop, err := w.market.CreateShop(ctx, w.boss, w.village, market.ShopRequest{RequestID: w.request(), Name: "超市", Address: "村部", Hours: "全天"})
		w.must(err)
		keeper := accesstest.Official(t, db, w.now, access.Keeper, access.Place{Village: w.village, Shop: shop.ID})
		towel, err := w.market.CreateGoods(ctx, w.boss, w.village, shop.ID, market.GoodsRequest{RequestID: w.request(), Name: "毛巾", Unit: "条", Price: 5 * pt})
		w.must(err)
		_, err = w.market.MoveStock(ctx, keeper, w.village, shop.ID, towel.ID, market.MoveRequest{RequestID: w.request(), Kind: "purchase", Qty: 3, Origin: "村集体"})
		w.must(err)
		due, err := w.season.Prizes(ctx, keeper, w.village, round, "due", season.Page{})
		w.must(err)
		prize := due.Items[0].ID
		uses := func() []string {
			return dbtest.Rows(t, db, "SELECT role, CASE WHEN ended_at = 0 THEN 'shown' ELSE 'ended' END FROM media_uses WHERE kind = 'prize' AND ref_id = ? ORDER BY created_at, id", prize)
		}
		collect := func(receiver string) {
			t.Helper()
			got, err := w.season.Collect(ctx, keeper, w.village, round, prize, season.Collect{RequestID: w.request(), Receiver: receiver, Shop: shop.ID, Photos: []media.Ref{w.signature(keeper)}})
			if err != nil || got.State != "collected" {
				t.Fatalf("%+v %v", got, err)
			}
		}
		stock := func(want string) {
			t.Helper()
			if got := dbtest.Rows(t, db, "SELECT SUM(qty_left) FROM stock_lots"); got[0] != want {
				t.Errorf("%s in stock, want %s", got[0], want)
			}
			w.audit()
		}
		undo := season.Uncollect{RequestID: w.request(), Why: "登记到别人家名下了"}
		if _, err := w.season.Uncollect(ctx, keeper, w.village, round, prize, undo); !errors.Is(err, season.ErrNotHanded) {
			t.Errorf("nothing was collected: %v", err)
		}
		collect("李四")
		stock("2")
		if _, err := w.season.Uncollect(ctx, keeper, w.village, round, prize, season.Uncollect{RequestID: w.request(), Why: " "}); !errors.Is(err, season.ErrWhy) {
			t.Errorf("without a reason: %v", err)
		}
		undo.RequestID = w.request()
		for _, repeated := range []bool{false, true} {
			got, err := w.season.Uncollect(ctx, keeper, w.village, round, prize, undo)
			if err != nil || got.State != "due" || got.Receiver != "" || got.Repeated != repeated {
				t.Fatalf("%+v %v", got, err)
			}
			stock("3")
		}
		if got := uses(); !slices.Equal(got, []string{"signature|ended"}) {
			t.Errorf("signatures %v", got)
		}
		w.pass(time.Minute)
		collect("张三")
		stock("2")
		if got := uses(); !slices.Equal(got, []string{"signature|ended", "signature|shown"}) {
			t.Errorf("signatures %v", got)
		}
		all, err := w.season.Prizes(ctx, keeper, w.village, round, "collected", season.Page{})
		if err != nil || len(all.Items) != 1 || !all.Items[0].Undoable {
			t.Errorf("%+v %v", all, err)
		}
		w.time.Store(clock.DayOf(w.now()).Add(1).Start().UnixMilli())
		undo.RequestID = w.request()
		if _, err := w.season.Uncollect(ctx, keeper, w.village, round, prize, undo); !errors.Is(err, season.ErrOtherDay) {
			t.Errorf("the next day: %v", err)
		}
		if got := dbtest.Rows(t, db, "SELECT receiver, why FROM award_undone"); !slices.Equal(got, []string{"李四|登记到别人家名下了"}) {
			t.Errorf("kept %v", got)
		}
	})
}
