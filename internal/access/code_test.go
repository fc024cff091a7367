package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hefen/internal/config"
	"hefen/internal/id"
	"hefen/internal/sms"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
)

// outbound keeps what would have been sent.
type outbound struct {
	mu    sync.Mutex
	codes map[string][]string // by phone
	fails error
}

func (o *outbound) SendCode(_ context.Context, phone, code string, _ int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.codes[phone] = append(o.codes[phone], code)
	return o.fails
}

func (o *outbound) last(phone string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	sent := o.codes[phone]
	if len(sent) == 0 {
		return ""
	}
	return sent[len(sent)-1]
}

func (o *outbound) count() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.codes {
		n += len(c)
	}
	return n
}

func (w *world) sends() *outbound {
	o := &outbound{codes: map[string][]string{}}
	w.SendCodes(o, CodeLimits{PerPhone: 10, PerAddress: 60, PerDay: 5000})
	return o
}

func (w *world) ask(phone string) CodeAsked {
	w.t.Helper()
	asked, err := w.AskCode(w.t.Context(), "10.0.0.1", CodeRequest{RequestID: w.request(), Phone: phone})
	w.ok("ask code", err)
	return asked
}

// other is a code that is not this one.
func other(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestLoginByCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		_, err := w.AskCode(ctx, "a", CodeRequest{RequestID: w.request(), Phone: phoneA})
		w.want("no sender", err, ErrNoCodes)
		o := w.sends()
		for _, bad := range []string{"", "1390000111", "12900001111", "139000011112", "1390000111a", "0139000011111"} {
			_, err := w.AskCode(ctx, "a", CodeRequest{RequestID: w.request(), Phone: bad})
			w.want("phone "+bad, err, ErrPhone)
		}
		// The answer is the same for a number of the register and for one that nobody has.
		known, unknown := w.ask("+86 139-0000-1111"), w.ask(phoneB)
		if known != unknown || known.ResendAfter != 60 || known.Minutes != 5 || known.Digits != 6 {
			t.Errorf("answers differ: %+v, %+v", known, unknown)
		}
		code := o.last(phoneA)
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("code %q", code)
		}
		_, err = w.LoginByCode(ctx, CodeLogin{Phone: phoneB, Code: other(o.last(phoneB))})
		w.want("wrong code", err, ErrCode)
		_, err = w.LoginByCode(ctx, CodeLogin{Phone: "13900003333", Code: code})
		w.want("number that asked for none", err, ErrCode)

		s, err := w.LoginByCode(ctx, CodeLogin{Phone: phoneA, Code: " " + code + " ", Device: "手机", Privacy: "1"})
		w.ok("login", err)
		if !s.New || s.People != 1 || s.Household != 0 {
			t.Errorf("session %+v", s)
		}
		a, err := w.Actor(ctx, s.Token)
		w.ok("actor", err)
		if len(a.Homes()) != 2 { // the number stands for two members, in two villages
			t.Errorf("homes %v", a.Homes())
		}
		me, err := w.Me(ctx, a)
		w.ok("me", err)
		if me.Phone != "139****1111" || len(me.Memberships) != 2 {
			t.Errorf("me %+v", me)
		}
		_, err = w.LoginByCode(ctx, CodeLogin{Phone: phoneA, Code: code})
		w.want("used code", err, ErrCodeSpent)
		consents, err := w.Consents(ctx, a)
		w.ok("consents", err)
		if len(consents) != 1 || consents[0].Kind != ConsentPrivacy || !consents[0].Given || consents[0].Version != "1" {
			t.Errorf("consents %+v", consents)
		}

		// The next login is the same user; a member entered meanwhile is found.
		w.at = w.at.Add(2 * time.Minute)
		w.exec("UPDATE members SET phone_idx = ? WHERE id = ?", db.Keys.Index(storage.IndexPhone, phoneA), w.memberB)
		w.ask(phoneA)
		again, err := w.LoginByCode(ctx, CodeLogin{Phone: phoneA, Code: o.last(phoneA)})
		w.ok("login again", err)
		if again.New || again.User != s.User {
			t.Errorf("another user: %+v", again)
		}
		a, _ = w.Actor(ctx, again.Token)
		if len(a.Homes()) != 3 {
			t.Errorf("homes %v", a.Homes())
		}
	})
}

func TestCodeEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		o := w.sends()
		login := func(code string) error {
			_, err := w.LoginByCode(t.Context(), CodeLogin{Phone: phoneA, Code: code})
			return err
		}
		w.ask(phoneA)
		first := o.last(phoneA)
		w.at = w.at.Add(5 * time.Minute)
		w.want("old code", login(first), ErrCode)
		w.ask(phoneA)
		second := o.last(phoneA)
		if first != second {
			w.want("code before the newest", login(first), ErrCode)
		}
		w.at = w.at.Add(5*time.Minute - time.Millisecond)
		w.ok("at the last moment", login(second))
		// Five tries, then even the right code is refused.
		w.at = w.at.Add(time.Minute)
		w.ask(phoneA)
		code := o.last(phoneA)
		for range 5 {
			w.want("wrong", login(other(code)), ErrCode)
		}
		w.want("right after five wrong ones", login(code), ErrCodeSpent)
	})
}

func TestCodeLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		o := w.sends()
		w.SendCodes(o, CodeLimits{PerPhone: 3, PerAddress: 5, PerDay: 7})
		ask := func(phone, address string) error {
			_, err := w.AskCode(t.Context(), address, CodeRequest{RequestID: w.request(), Phone: phone})
			return err
		}
		w.ok("first", ask(phoneA, "a"))
		w.want("at once again", ask(phoneA, "b"), ErrCodeSoon)
		w.at = w.at.Add(59 * time.Second)
		w.want("a second too soon", ask(phoneA, "a"), ErrCodeSoon)
		for range 2 {
			w.at = w.at.Add(time.Minute)
			w.ok("after a minute", ask(phoneA, "a"))
		}
		w.at = w.at.Add(time.Minute)
		w.want("more than a number has", ask(phoneA, "c"), ErrCodeMany)
		// The address has two left; refused requests have cost nothing.
		w.ok("4", ask("13900000004", "a"))
		w.ok("5", ask("13900000005", "a"))
		w.want("more than an address has", ask("13900000006", "a"), ErrCodeMany)
		w.ok("6", ask("13900000006", "b"))
		w.ok("7", ask("13900000007", "b"))
		w.want("more than all have", ask("13900000008", "c"), ErrCodeMany)
		if o.count() != 7 {
			t.Errorf("%d sent", o.count())
		}
		w.pass(1)
		w.ok("the next day", ask(phoneA, "a"))
		// Counts and codes of days past are cleared away.
		w.pass(3)
		n, err := w.PurgeSessions(t.Context())
		w.ok("purge", err)
		if n < 8 {
			t.Errorf("%d rows purged", n)
		}
	})
}

// A request that is repeated is answered and sends nothing; neither does one whose first sending has no known end.
func TestCodeIsSentOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		o := w.sends()
		ctx := t.Context()
		r := CodeRequest{RequestID: w.request(), Phone: phoneA}
		first, err := w.AskCode(ctx, "a", r)
		w.ok("ask", err)
		again, err := w.AskCode(ctx, "a", r)
		w.ok("repeat", err)
		if !again.Repeated || again.Minutes != first.Minutes || o.count() != 1 {
			t.Errorf("%+v, %d sent", again, o.count())
		}
		r.Phone = phoneB
		_, err = w.AskCode(ctx, "a", r)
		w.want("same id, other number", err, storage.ErrRequestReused)

		o.fails = errors.New("no answer")
		r = CodeRequest{RequestID: w.request(), Phone: phoneB}
		_, err = w.AskCode(ctx, "a", r)
		w.ok("unknown end", err)
		_, err = w.AskCode(ctx, "a", r)
		w.ok("repeat after an unknown end", err)
		if o.count() != 2 {
			t.Errorf("%d sent", o.count())
		}
		_, err = w.LoginByCode(ctx, CodeLogin{Phone: phoneB, Code: o.last(phoneB)})
		w.ok("it had arrived after all", err)

		o.fails = sms.ErrRefused
		w.at = w.at.Add(time.Minute)
		r = CodeRequest{RequestID: w.request(), Phone: phoneB}
		_, err = w.AskCode(ctx, "a", r)
		w.want("refused", err, ErrCodeRefuse)
		_, err = w.AskCode(ctx, "a", r)
		w.want("repeat of what was refused", err, ErrCodeRefuse)
		if o.count() != 3 {
			t.Errorf("%d sent", o.count())
		}
	})
}

// Fifty wrong tries at once are compared five times; fifty right ones open one session.
func TestCodeTriesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		o := w.sends()
		w.ask(phoneA)
		wrong, spent := storm(t, func(int) error {
			_, err := w.LoginByCode(t.Context(), CodeLogin{Phone: phoneA, Code: other(o.last(phoneA))})
			return err
		}, ErrCode, ErrCodeSpent)
		if wrong != 5 || spent != 45 {
			t.Errorf("%d compared, %d refused", wrong, spent)
		}
		w.at = w.at.Add(time.Minute)
		w.ask(phoneA)
		opened, spent := storm(t, func(int) error {
			_, err := w.LoginByCode(t.Context(), CodeLogin{Phone: phoneA, Code: o.last(phoneA)})
			return err
		}, nil, ErrCodeSpent)
		if opened != 1 || spent != 49 {
			t.Errorf("%d sessions, %d refused", opened, spent)
		}
		// Asking at once sends one.
		w.at = w.at.Add(time.Minute)
		before := o.count()
		asked, soon := storm(t, func(int) error {
			_, err := w.AskCode(t.Context(), "a", CodeRequest{RequestID: "at-once-" + db.NewID().String(), Phone: phoneA})
			return err
		}, nil, ErrCodeSoon)
		if asked != 1 || soon != 49 || o.count() != before+1 {
			t.Errorf("%d asked, %d refused, %d sent", asked, soon, o.count()-before)
		}
	})
}

// storm runs 50 at once and counts two outcomes; others are errors.
func storm(t *testing.T, try func(int) error, a, b error) (na, nb int64) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			switch err := try(i); {
			case a == nil && err == nil, a != nil && errors.Is(err, a):
				atomic.AddInt64(&na, 1)
			case errors.Is(err, b):
				atomic.AddInt64(&nb, 1)
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	return na, nb
}

// Two users with one number: the one in office comes first, and who has proved the number may change to the other.
func TestSeveralPeopleOfOneNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		o := w.sends()
		withPhone := func(code string, grants ...Grant) id.ID {
			u := w.user(code, grants...)
			err := db.InTx(ctx, func(tx *storage.Tx) error { return w.setPhone(tx, u, phoneB) })
			w.ok("phone", err)
			return u
		}
		official := withPhone("official", Grant{Role: TeamMember})
		plain := withPhone("plain")
		w.ask(phoneB)
		s, err := w.LoginByCode(ctx, CodeLogin{Phone: phoneB, Code: o.last(phoneB), Device: "网页"})
		w.ok("login", err)
		if s.User != official || s.People != 2 || s.New {
			t.Errorf("session %+v", s)
		}
		a, err := w.Actor(ctx, s.Token)
		w.ok("actor", err)
		people, err := w.Identities(ctx, a)
		w.ok("identities", err)
		if len(people) != 2 || !people[0].Current || people[0].Roles[0] != "林源村 驻村队员" || people[1].User != plain || people[1].Current {
			t.Errorf("identities %+v", people)
		}
		stranger := w.user("stranger")
		_, err = w.Switch(ctx, a, stranger, "")
		w.want("switch to somebody else", err, ErrNotYours)
		next, err := w.Switch(ctx, a, plain, "网页")
		w.ok("switch", err)
		_, err = w.Actor(ctx, s.Token)
		w.want("the session before", err, ErrSignIn)
		b, err := w.Actor(ctx, next.Token)
		w.ok("the new session", err)
		if b.User() != plain || len(b.Offices()) != 0 {
			t.Errorf("actor %+v", b)
		}
		_, err = w.Switch(ctx, a, official, "")
		w.want("switch with the session that has ended", err, ErrSignIn)
		// A session by WeChat has proved no number.
		viaWeChat, err := w.Actor(ctx, w.login("official").Token)
		w.ok("by WeChat", err)
		_, err = w.Switch(ctx, viaWeChat, plain, "")
		w.want("switch without a proved number", err, ErrNotYours)
		if list, err := w.Identities(ctx, viaWeChat); err != nil || list == nil || len(list) != 0 {
			t.Errorf("identities %v, %v", list, err)
		}
	})
}

// The log sender starts where the fake of WeChat may, and nowhere else.
func TestSender(t *testing.T) {
	cfg := config.Default()
	if got, err := Sender(cfg, nil); got != nil || err != nil {
		t.Errorf("without settings: %v, %v", got, err)
	}
	cfg.SMS = config.SMS{SecretID: "i", SecretKey: "k", AppID: "1", Sign: "禾分", Template: "2"}
	if got, err := Sender(cfg, nil); err != nil {
		t.Error(err)
	} else if _, ok := got.(*sms.Tencent); !ok {
		t.Errorf("with an account: %T", got)
	}
	cfg.Demo = true
	if got, _ := Sender(cfg, nil); !slices.Contains([]any{sms.Log{}}, any(got)) {
		t.Errorf("demo: %T", got)
	}
	cfg.Listen = "0.0.0.0:80"
	if got, _ := Sender(cfg, nil); got == (CodeSender)(sms.Log{}) {
		t.Error("the log sender starts on a public address")
	}
}
