package demo

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"hefen/configs"
	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/market"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

// spec is what a village of the demo is made from.
type spec struct {
	code, name, town string
	scheme           string // file of configs
	groups           int
	households       int
	shop             string
	goods            []goods
	secretary, team  string
	keeper           string
	fenPerPoint      int64
	fund, quarterly  int64 // yuan in the shop's fund on the first day, and each quarter
}

type goods struct {
	name, unit string
	price      int64 // points
	stock      int64
	cost       int64 // yuan a piece
}

var linyuan = spec{
	code: Village, name: "林源村", town: "渠阳镇", scheme: "linyuan.yaml", groups: 6, households: 120,
	shop: "林源村积分超市", secretary: "周明远", team: "邓小溪", keeper: "杨秀兰", fenPerPoint: 60, fund: 6_500, quarterly: 1_600,
	goods: []goods{
		{"香皂", "块", 5, 120, 3}, {"肥皂", "块", 5, 120, 3}, {"洗衣液", "瓶", 20, 45, 12}, {"挂面礼包", "份", 30, 40, 16}, {"食盐", "袋", 3, 140, 2},
		{"酱油", "瓶", 8, 80, 5}, {"食用油", "桶", 120, 12, 65}, {"毛巾", "条", 10, 60, 6}, {"牙膏", "支", 8, 80, 5}, {"卷纸", "提", 16, 50, 9},
		{"大米10斤", "袋", 60, 20, 32}, {"运动水壶", "个", 60, 12, 30},
	},
}

var villages = []spec{
	linyuan,
	{
		code: "431229101202", name: "罗峪村", town: "渠阳镇", scheme: "luoyu.yaml", groups: 3, households: 36,
		shop: "罗峪村积分超市", secretary: "彭志远", team: "谢晓芳", keeper: "石金莲", fenPerPoint: 60, fund: 4_600, quarterly: 400,
		goods: []goods{
			{"洗衣液", "瓶", 20, 48, 12}, {"挂面礼包", "份", 30, 36, 16}, {"香皂套装", "套", 25, 60, 14}, {"茶苗5株", "份", 50, 20, 25},
			{"运动水壶", "个", 60, 15, 30}, {"运动背包", "个", 120, 8, 60},
		},
	},
	{
		code: "431229102201", name: "李河村", town: "甘棠镇", scheme: "wanzhou.yaml", groups: 2, households: 30,
		shop: "李河村互助超市", secretary: "曾正义", team: "姚慧敏", keeper: "黄桂花", fenPerPoint: 100, fund: 7_400, quarterly: 600,
		goods: []goods{
			{"洗衣粉", "袋", 12, 80, 8}, {"洗洁精", "瓶", 10, 80, 6}, {"香皂", "块", 5, 100, 3}, {"卷纸", "提", 8, 80, 9}, {"食用油", "桶", 30, 30, 65},
			{"醋", "瓶", 6, 60, 4}, {"盐", "袋", 3, 100, 2}, {"面盆", "个", 12, 30, 9}, {"袜子", "双", 8, 60, 5}, {"牙刷", "支", 5, 80, 4},
		},
	},
}

// place is a village of the demo with the people who run it.
type place struct {
	spec
	id       id.ID
	groups   []id.ID
	accounts []id.ID // households, or the grown-up members where persons are scored
	party    []id.ID // of accounts, party households' ones
	weight   []int   // how active each account is
	homes    []id.ID
	homeOf   map[id.ID]id.ID // household of an account
	rules    *scheme.Scheme
	album    album
	shop     id.ID
	stock    []market.Goods
	fund     id.ID
	store    store                  // the partner store, where there is one
	voice    map[id.ID]access.Actor // households whose people can be tried

	secretary, team, keeper access.Actor
}

func (l *loader) county(ctx context.Context) error {
	county, err := l.villages.CreateCounty(ctx, village.NewRegion{Code: "431229", Name: "靖州县", From: l.first})
	if err != nil {
		return err
	}
	l.countyID = county.ID
	if err := l.villages.SetSetting(ctx, 0, county.ID, mark, begun); err != nil {
		return err
	}
	towns := map[string]id.ID{}
	for i := range villages {
		v := villages[i]
		if towns[v.town] == 0 {
			town, err := l.villages.CreateTown(ctx, county.ID, village.NewRegion{Code: v.code[:9], Name: v.town, From: l.first})
			if err != nil {
				return err
			}
			towns[v.town] = town.ID
		}
		p, err := l.settle(ctx, towns[v.town], v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		l.places = append(l.places, p)
	}
	_, err = l.official(ctx, "supervisor", "田正文", access.Supervisor, access.Place{Region: towns[linyuan.town]}, l.places[0], "看全镇的积分和公示，不改分")
	if err != nil {
		return err
	}
	_, err = l.official(ctx, "county", "向春华", access.CountyAdmin, access.Place{Region: county.ID}, l.places[0], "管理全县各村的人员和细则")
	return err
}

// rounds go from the list to the prizes in one sitting: nobody has days to object to them. The second is drawn by lot.
const rounds = "rounds:\n" +
	"  - {code: active, name: 年度积极户, span: year, object_days: 0, min: 1, tiers: [{percent: 40, rewards: [{points: 10}, {title: 积极户}]}]}\n" +
	"  - {code: lucky, name: 年度幸运户, span: year, object_days: 0, min: 1, tiers: [{draw: 2, rewards: [{title: 幸运户}]}]}\n"

// withRounds adds such rounds to the rules of a village whose year end can be played through.
func withRounds(v spec, source []byte) []byte {
	switch {
	case !slices.Contains(YearEnds, v.code):
		return source
	case bytes.Contains(source, []byte("\nrounds:\n")):
		return bytes.Replace(source, []byte("rounds:\n"), []byte(rounds), 1)
	}
	return append(source, "\n"+rounds...)
}

// settle makes a village with its people, rules, officials and shop on the first day.
func (l *loader) settle(ctx context.Context, town id.ID, v spec) (*place, error) {
	made, err := l.villages.CreateVillage(ctx, town, village.NewRegion{Code: v.code, Name: v.name, From: l.first})
	if err != nil {
		return nil, err
	}
	p := &place{spec: v, id: made.ID, homeOf: map[id.ID]id.ID{}, voice: map[id.ID]access.Actor{}}
	if err := l.officials(ctx, p); err != nil {
		return nil, err
	}
	source, err := configs.Schemes.ReadFile("schemes/" + v.scheme)
	if err != nil {
		return nil, err
	}
	source = withRounds(v, source)
	text, err := judged(v, string(source))
	if err != nil {
		return nil, err
	}
	version, _, err := l.rules.Adopt(ctx, p.secretary, p.id, rulebook.AdoptRequest{
		RequestID: l.request(), Source: text, AdoptedOn: l.first, FiledOn: l.first, FromDay: l.first})
	if err != nil {
		return nil, err
	}
	p.rules = version.Scheme
	if p.album, err = l.photograph(ctx, p.team, p.id); err != nil {
		return nil, err
	}
	for n := range v.groups {
		g, err := l.villages.CreateGroup(ctx, p.id, village.NewRegion{Code: fmt.Sprint(n + 1), Name: fmt.Sprintf("%d组", n+1), From: l.first})
		if err != nil {
			return nil, err
		}
		p.groups = append(p.groups, g.ID)
	}
	if err := l.populate(ctx, p, version.Scheme.Subject == scheme.SubjectPerson); err != nil {
		return nil, err
	}
	if err := l.openShop(ctx, p); err != nil {
		return nil, err
	}
	return p, nil
}

func (l *loader) officials(ctx context.Context, p *place) (err error) {
	at := access.Place{Village: p.id}
	first := p.spec.code == linyuan.code
	code := func(role string) string {
		if first {
			return role
		}
		return role + "-" + p.spec.code[9:] + p.spec.code[8:9]
	}
	if p.secretary, err = l.official(ctx, code("secretary"), p.spec.secretary, access.FirstSecretary, at, p, "审核记录，管理本村人员和细则"); err != nil {
		return err
	}
	p.team, err = l.official(ctx, code("team"), p.spec.team, access.TeamMember, at, p, "下组入户，给各户加分扣分")
	return err
}

// official makes a user with a role who can be tried on the demo's first page.
func (l *loader) official(ctx context.Context, code, name string, role access.Role, at access.Place, p *place, note string) (access.Actor, error) {
	user, err := l.people.AddUser(ctx, code, name, "")
	if err != nil {
		return access.Actor{}, err
	}
	if _, err := l.people.Install(ctx, at, access.Grant{User: user, Role: role, Shop: at.Shop, FromDay: clock.DayOf(l.now())}); err != nil {
		return access.Actor{}, err
	}
	return l.offer(ctx, access.Persona{Code: code, Name: name, Role: role, Village: p.id, User: user, Note: note})
}

func (l *loader) offer(ctx context.Context, persona access.Persona) (access.Actor, error) {
	l.persona++
	if err := l.people.AddPersona(ctx, persona, l.persona); err != nil {
		return access.Actor{}, err
	}
	return l.people.ActAs(ctx, persona.User)
}

// populate enters the households, and offers two of them as persons to try.
func (l *loader) populate(ctx context.Context, p *place, persons bool) error {
	for n := range p.spec.households {
		group := n % len(p.groups)
		h := family(l.rand, householdNumber(group+1, n/len(p.groups)+1), p.groups[group], l.first)
		household, _, err := l.villages.CreateHousehold(ctx, village.Write{Village: p.id, On: l.first}, h)
		if err != nil {
			return fmt.Errorf("household %s: %w", h.Number, err)
		}
		members, err := l.villages.Detail(ctx, p.id, household, l.first)
		if err != nil {
			return err
		}
		p.homes = append(p.homes, household)
		accounts := []id.ID{household}
		if persons {
			accounts = nil
			for _, m := range members.People {
				if !m.Minor {
					accounts = append(accounts, m.ID)
				}
			}
		}
		for _, a := range accounts {
			p.accounts = append(p.accounts, a)
			p.homeOf[a] = household
			p.weight = append(p.weight, 1+l.rand.IntN(10))
			if len(h.Flags) > 0 && h.Flags[0] == "党员户" {
				p.party = append(p.party, a)
			}
		}
		if (n == 0 || n == 7) && p.spec.code == linyuan.code || n == 0 {
			code := fmt.Sprintf("villager-%s-%d", p.spec.code[8:], n+1)
			if p.spec.code == linyuan.code {
				code = fmt.Sprintf("villager%d", n/7+1)
			}
			if err := l.villager(ctx, p, code, h.Members[0].Name, household, members.People[0].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) villager(ctx context.Context, p *place, code, name string, household, member id.ID) error {
	user, err := l.people.AddUser(ctx, code, name, "")
	if err != nil {
		return err
	}
	if err := l.people.Stand(ctx, user, member, p.id); err != nil {
		return err
	}
	p.voice[household], err = l.offer(ctx, access.Persona{Code: code, Name: name, Role: access.Villager, Village: p.id, User: user, Note: "查积分、看流水、看商品和排行"})
	return err
}
