package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"

	lru "github.com/hashicorp/golang-lru/v2"

	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

// Errors about users.
var (
	ErrNoWeChat    = errs.New(errs.Unavailable, "access_no_wechat", "本系统还没有配置微信小程序，请联系系统管理员")
	ErrUserClosed  = errs.New(errs.Forbidden, "access_user_closed", "该账号已停用，如有疑问请联系村里的管理员")
	ErrUserUnknown = errs.New(errs.NotFound, "access_user_unknown", "没有找到这位用户，请对方先登录小程序并授权手机号")
	ErrSeveral     = errs.New(errs.Conflict, "access_user_several", "这个手机号对应多个微信账号，请对方用要任职的微信出示用户编号")
)

// Sealed are the columns of this package that hold personal data under a key, for the re-encryption after a rotation.
var Sealed = []storage.SealedColumn{{Table: "users", Column: "phone_enc"}}

// Service is the use cases of this package.
type Service struct {
	db  *storage.DB
	now clock.Clock
	wx  wechat.Client

	sender CodeSender // nil: nobody can log in with a phone number
	limits CodeLimits
	hashes chan struct{} // slow hashes at work at once
	cost   int           // of a slow hash

	names *lru.Cache[id.ID, string] // a name is given once and never changed
	seen  seen
}

// New makes the service; wx may be nil where nobody can log in through WeChat.
func New(db *storage.DB, now clock.Clock, wx wechat.Client) *Service {
	names, err := lru.New[id.ID, string](10_000)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Service{db: db, now: now, wx: wx, hashes: make(chan struct{}, 2), cost: pinCost, names: names}
}

// DemoAllowed decides whether what needs no proof of identity may start: the fake of WeChat, the choice of personas and
// the sender that writes codes to the log. It takes demo: true and an address that only this machine reaches.
func DemoAllowed(cfg config.Config) bool {
	host, _, err := net.SplitHostPort(cfg.Listen)
	return err == nil && cfg.Demo && config.Loopback(host)
}

// WeChat is the client that the settings ask for: the fake for a demonstration that is allowed, the real one where an
// app is configured, nil otherwise.
func WeChat(cfg config.Config) (wechat.Client, error) {
	switch {
	case DemoAllowed(cfg):
		return &wechat.Fake{}, nil
	case cfg.Wechat.AppID != "":
		return wechat.NewReal(wechat.Options{AppID: cfg.Wechat.AppID, AppSecret: cfg.Wechat.Secret})
	}
	return nil, nil
}

func (s *Service) today() clock.Day { return clock.DayOf(s.now()) }

// lockUser takes the lock of everything about a user, and fails for users that are not there or closed.
func lockUser(tx *storage.Tx, user id.ID) error {
	n, err := tx.Exec("UPDATE users SET rev = rev + 1 WHERE id = ? AND state = 'active'", user)
	if err != nil {
		return fmt.Errorf("lock user: %w", err)
	}
	if n == 0 {
		return ErrUserUnknown
	}
	return nil
}

// lockPerson is lockUser for users who may hold an office: a household that logs in with its PIN may not.
func lockPerson(tx *storage.Tx, user id.ID) error {
	if err := lockUser(tx, user); err != nil {
		return err
	}
	return isPerson(tx, user)
}

func isPerson(tx *storage.Tx, user id.ID) error {
	var n int
	if err := tx.QueryRow("SELECT COUNT(*) FROM household_pins WHERE user_id = ?", user).Scan(&n); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	if n > 0 {
		return ErrUserUnknown
	}
	return nil
}

func insertUser(tx *storage.Tx, user id.ID, name string, atMs int64) error {
	_, err := tx.Exec("INSERT INTO users (id, name, state, phone_enc, phone_idx, created_at, rev) VALUES (?,?,'active',?,?,?,0)",
		user, name, []byte{}, []byte{}, atMs)
	return err
}

// findUser is the user by id, or the only one with the phone number.
func (s *Service) findUser(ctx context.Context, user id.ID, phone string) (id.ID, error) {
	if user != 0 {
		return user, nil
	}
	idx := s.db.Keys.Index(storage.IndexPhone, phone)
	if len(idx) == 0 {
		return 0, ErrUserUnknown
	}
	rows, err := s.db.Query(ctx, "SELECT id FROM users WHERE phone_idx = ? AND state = 'active'", idx)
	users, err := scanIDs(rows, err)
	switch {
	case err != nil:
		return 0, fmt.Errorf("find user: %w", err)
	case len(users) == 0:
		return 0, ErrUserUnknown
	case len(users) > 1:
		return 0, ErrSeveral
	}
	return users[0], nil
}

// UserByPhone is the user who let us know this number, for commands: ErrUserUnknown or ErrSeveral otherwise.
func (s *Service) UserByPhone(ctx context.Context, phone string) (id.ID, error) {
	return s.findUser(ctx, 0, phone)
}

// Names gives the names under which users are known: for authors and keepers in lists. Unknown users are left out.
func (s *Service) Names(ctx context.Context, users ...id.ID) (map[id.ID]string, error) {
	names := make(map[id.ID]string, len(users))
	var ask []id.ID
	for _, u := range users {
		if name, ok := s.names.Get(u); ok {
			names[u] = name
		} else {
			ask = append(ask, u)
		}
	}
	for part := range storage.Chunks(ask, storage.ChunkRows) {
		rows, err := s.db.Query(ctx, "SELECT id, name FROM users WHERE id IN "+storage.In(len(part)), storage.Args(part)...)
		if err != nil {
			return nil, fmt.Errorf("names: %w", err)
		}
		err = eachRow(rows, func() error {
			var user id.ID
			var name string
			if err := rows.Scan(&user, &name); err != nil {
				return err
			}
			names[user] = name
			if name != "" {
				s.names.Add(user, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("names: %w", err)
		}
	}
	return names, nil
}

func scanIDs(rows *sql.Rows, err error) ([]id.ID, error) {
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	err = eachRow(rows, func() error {
		var i id.ID
		if err := rows.Scan(&i); err != nil {
			return err
		}
		ids = append(ids, i)
		return nil
	})
	return ids, err
}

// eachRow calls fn on every row and closes them.
func eachRow(rows *sql.Rows, fn func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := fn(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
