package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/wechat"
)

// pageSize is how many rows a measured page has.
const pageSize = 20

// county is the loaded county as the requests need it.
type county struct {
	places []place
	large  []*place // villages for inspections
	byID   map[id.ID]*place

	inspector id.ID // fills in what the officials decide
}

type place struct {
	id, shop, official, version id.ID
	goods                       []goods
	households                  []id.ID
	token                       string
}

type goods struct{ id, lot id.ID }

func (c *county) any() *place { return &c.places[rand.IntN(len(c.places))] }
func (p *place) any() id.ID   { return p.households[rand.IntN(len(p.households))] }

// batch is how many households an inspection has.
func (c *county) batch() int {
	if len(c.large) == 0 {
		return 0
	}
	return len(c.large[0].households)
}

func readCounty(ctx context.Context, env Env, size Size) (*county, error) {
	c := &county{byID: map[id.ID]*place{}, places: make([]place, 0, size.Villages)}
	err := each(ctx, env, `SELECT r.id, s.id, v.id, s.created_by FROM regions r JOIN regions k ON k.id = r.county_id AND k.code = '`+countyCode+`'
		JOIN shops s ON s.owner_id = r.id JOIN scheme_versions v ON v.village_id = r.id AND v.number = 1 WHERE r.kind = 'village' ORDER BY r.code`, func(r *sql.Rows) error {
		var p place
		err := r.Scan(&p.id, &p.shop, &p.version, &p.official)
		c.places = append(c.places, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := env.DB.QueryRow(ctx, "SELECT user_id FROM identities WHERE openid = ?", inspectorOpenID).Scan(&c.inspector); err != nil {
		return nil, fmt.Errorf("read the bench county: %w", err)
	}
	shops := map[id.ID]*place{}
	for i := range c.places {
		p := &c.places[i]
		c.byID[p.id], shops[p.shop] = p, p
		if i < size.Large {
			c.large = append(c.large, p)
		}
	}
	if err := each(ctx, env, "SELECT village_id, id FROM households ORDER BY village_id, number", func(r *sql.Rows) error {
		var v, h id.ID
		if err := r.Scan(&v, &h); err != nil {
			return err
		}
		c.byID[v].households = append(c.byID[v].households, h)
		return nil
	}); err != nil {
		return nil, err
	}
	return c, each(ctx, env, "SELECT shop_id, goods_id, id FROM stock_lots", func(r *sql.Rows) error {
		var shop id.ID
		var g goods
		if err := r.Scan(&shop, &g.id, &g.lot); err != nil {
			return err
		}
		shops[shop].goods = append(shops[shop].goods, g)
		return nil
	})
}

func each(ctx context.Context, env Env, query string, scan func(*sql.Rows) error) error {
	rows, err := env.DB.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("read the bench county: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read the bench county: %w", err)
		}
	}
	return rows.Err()
}

// signIn opens a session for the official of each village. The fake of WeChat is this process's alone: the handler under
// test has its own.
func (c *county) signIn(ctx context.Context, env Env) error {
	people := access.New(env.DB, env.Now, &wechat.Fake{})
	for i := range c.places {
		s, err := people.Login(ctx, "demo:"+loginCode(i), "bench")
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		c.places[i].token = s.Token
	}
	return nil
}

var (
	requests atomic.Int64
	start    = strconv.FormatInt(time.Now().UnixNano(), 36)
)

// requestID is an id that no earlier run has used.
func requestID() string { return fmt.Sprintf("bench-%s-%010d", start, requests.Add(1)) }
