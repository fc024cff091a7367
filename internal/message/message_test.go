package message_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

var noon = time.Date(2026, 5, 20, 4, 0, 0, 0, time.UTC)

func tell(t *testing.T, db *storage.DB, ms ...message.Message) {
	t.Helper()
	if err := db.InTx(t.Context(), func(tx *storage.Tx) error { return message.Tell(tx, ms...) }); err != nil {
		t.Fatal(err)
	}
}

func titles(t *testing.T, db *storage.DB, r message.Reader, before id.ID, limit int) (string, id.ID) {
	t.Helper()
	list, err := message.List(t.Context(), db, r, before, limit)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, m := range list {
		s, before = append(s, m.Title), m.ID
	}
	return strings.Join(s, " "), before
}

func one(village, household, user id.ID, title string) message.Message {
	return message.Message{Village: village, Household: household, User: user, Kind: message.Decided, Title: title, Body: "说明", About: message.About{Kind: "case", ID: 9}, At: noon}
}

func TestEveryReaderSeesOwnOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		tell(t, db, one(1, 10, 0, "甲户"), one(1, 11, 0, "乙户"), one(1, 0, 100, "某人"), one(1, 0, 0, "村干部"))
		tell(t, db, one(2, 20, 0, "外村"), one(1, 10, 0, "甲户又一条"))
		for _, c := range []struct {
			name string
			r    message.Reader
			want string
		}{
			{"a household", message.Reader{User: 101, Households: []id.ID{10}}, "甲户又一条 甲户"},
			{"two households", message.Reader{User: 100, Households: []id.ID{10, 11}}, "甲户又一条 某人 乙户 甲户"},
			{"an official", message.Reader{User: 102, Desks: []id.ID{1}}, "村干部"},
			{"a stranger", message.Reader{User: 103}, ""},
		} {
			if got, _ := titles(t, db, c.r, 0, 10); got != c.want {
				t.Errorf("%s sees %q, want %q", c.name, got, c.want)
			}
		}
		r := message.Reader{User: 100, Households: []id.ID{10, 11}}
		got, next := titles(t, db, r, 0, 3)
		rest, _ := titles(t, db, r, next, 3)
		if got != "甲户又一条 某人 乙户" || rest != "甲户" {
			t.Errorf("pages %q and %q", got, rest)
		}
		list, err := message.List(t.Context(), db, r, 0, 1)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		m := list[0]
		if m.Village != 1 || m.Household != 10 || m.Kind != message.Decided || m.Body != "说明" || m.About != (message.About{Kind: "case", ID: 9}) || m.At != noon.UnixMilli() {
			t.Errorf("stored %+v", m)
		}
	})
}

func TestMarksArePerUserAndNeverGoBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		father, son := message.Reader{User: 100, Households: []id.ID{10}}, message.Reader{User: 101, Households: []id.ID{10}}
		for i := range 3 {
			tell(t, db, one(1, 10, 0, fmt.Sprint(i)))
		}
		list, err := message.List(t.Context(), db, father, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		mark := func(user, upto id.ID) {
			t.Helper()
			if err := db.InTx(t.Context(), func(tx *storage.Tx) error { return message.MarkRead(tx, user, upto, noon) }); err != nil {
				t.Fatal(err)
			}
		}
		unread := func(r message.Reader, want int) {
			t.Helper()
			upto, err := message.ReadTo(t.Context(), db, r.User)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := message.Unread(t.Context(), db, r, upto); err != nil || n != want {
				t.Errorf("%d unread for %d (%v), want %d", n, r.User, err, want)
			}
		}
		unread(father, 3)
		mark(father.User, list[1].ID)
		unread(father, 1)
		unread(son, 3)
		mark(father.User, list[2].ID) // an older page, opened later
		unread(father, 1)
		mark(father.User, 1<<62) // no device can mark what is still to come
		tell(t, db, one(1, 10, 0, "later"))
		unread(father, 1)
		var wg sync.WaitGroup
		for range 8 { // several phones of one user at once, without a mark yet
			wg.Go(func() {
				if err := db.InTx(context.Background(), func(tx *storage.Tx) error { return message.MarkRead(tx, son.User, list[0].ID, noon) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		unread(son, 1)
	})
}

func TestTellIsOneStatementAndCutsWhatIsTooLong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		if err := db.Mute(t.Context(), message.Topic); err != nil {
			t.Fatal(err)
		}
		var ms []message.Message
		for i := range 60 {
			ms = append(ms, one(1, id.ID(i+1), 0, strings.Repeat("长", 200)))
		}
		ms[0].Body = strings.Repeat("文", 600)
		ctx, count := storage.CountStatements(t.Context())
		if err := db.InTx(ctx, func(tx *storage.Tx) error { return message.Tell(tx, ms...) }); err != nil {
			t.Fatal(err)
		}
		if n := count.Load(); n != 1 {
			t.Errorf("%d statements for 60 messages, want 1", n)
		}
		list, err := message.List(t.Context(), db, message.Reader{Households: []id.ID{1}}, 0, 1)
		if err != nil || utf8.RuneCountInString(list[0].Title) != message.MaxTitle || utf8.RuneCountInString(list[0].Body) != message.MaxBody || !strings.HasSuffix(list[0].Title, "…") {
			t.Errorf("stored %+v, %v", list, err)
		}
		bad := one(1, 1, 0, "标题")
		bad.Kind = "unknown"
		if err := db.InTx(t.Context(), func(tx *storage.Tx) error { return message.Tell(tx, bad) }); err == nil {
			t.Error("a kind without a name was taken")
		}
	})
}

func TestTellStandsOrFallsWithItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		boom := errors.New("boom")
		err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			if err := message.Tell(tx, one(1, 1, 0, "没有的事"), one(2, 2, 0, "没有的事")); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if got := dbtest.Rows(t, db, "SELECT (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM outbox)")[0]; got != "0" {
			t.Errorf("%s rows after a rollback", got)
		}
		tell(t, db, one(1, 1, 0, "甲"), one(2, 2, 0, "乙"), one(1, 3, 0, "丙"))
		if got := dbtest.Rows(t, db, "SELECT COUNT(*), COUNT(DISTINCT village_id) FROM outbox WHERE topic = 'message'")[0]; got != "2|2" {
			t.Errorf("outbox %s, want a batch per village", got)
		}
	})
}

func TestPurgeAndRehome(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		old := one(1, 10, 0, "旧")
		old.At = noon.Add(-message.Keep - time.Hour)
		tell(t, db, old, one(1, 10, 0, "新"), one(1, 0, 0, "村"))
		if n, err := message.Purge(t.Context(), db, noon); err != nil || n != 1 {
			t.Errorf("purged %d, %v", n, err)
		}
		if err := db.InTx(t.Context(), func(tx *storage.Tx) error { return message.Rehome(tx, 1, 2) }); err != nil {
			t.Fatal(err)
		}
		if got, _ := titles(t, db, message.Reader{Households: []id.ID{10}, Desks: []id.ID{2}}, 0, 10); got != "村 新" {
			t.Errorf("after the merger %q", got)
		}
	})
}

func TestKindsHaveNames(t *testing.T) {
	for _, k := range message.Kinds {
		if k.Name() == "" {
			t.Errorf("%s has no name", k)
		}
	}
}
