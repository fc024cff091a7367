package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/message"
	"hefen/internal/storage"
)

// MayReviewAgents is for those who look on, not for those who serve.
var (
	MayReviewAgents = access.Need{Scope: access.Village, Roles: []access.Role{access.VillageSupervisor, access.Supervisor, access.CountyAdmin}}
	MaySeeAgents    = access.Need{Scope: access.Village, Roles: []access.Role{access.VillageSupervisor, access.Supervisor, access.CountyAdmin, access.FirstSecretary}}
)

var (
	ErrAgent       = errs.New(errs.Conflict, "market_agent", "这个人不能代领，请换一位家人、邻居或干部")
	ErrAgentLimit  = errs.New(errs.Conflict, "market_agent_limit", "这个人这个月代领的次数已经用完，请换一位代领人，或者本人来办")
	ErrAgentProof  = errs.New(errs.Conflict, "market_agent_proof", "代领要核对：请输入这一户的登录密码，或者请代领人在凭条上签字")
	ErrNoAgency    = errs.New(errs.NotFound, "market_agency_not_found", "没有找到这次代领")
	ErrOwnAgency   = errs.New(errs.Forbidden, "market_agency_own", "这次代领是您本人办的或代领的，请由其他人核查")
	agentRelations = map[string]string{"relative": "亲属", "neighbour": "邻居", "cadre": "干部"}
)

// AgentRequest names who fetches the goods for somebody else.
type AgentRequest struct {
	Member   id.ID  `json:"member,omitempty" doc:"a member of a household of the village; or official"`
	Official id.ID  `json:"official,omitempty" doc:"a user who serves the village (list-officers), as cadre"`
	Relation string `json:"relation" enum:"relative,neighbour,cadre"`
}

// Agent is who fetched the goods (代领人), as the receipt and the household see it.
type Agent struct {
	Member    id.ID  `json:"member" doc:"0: an official who lives in no household of the village"`
	Official  id.ID  `json:"official" doc:"that official's user, else 0"`
	Household id.ID  `json:"household" doc:"the agent's own"`
	Name      string `json:"name"`
	Relation  string `json:"relation" enum:"relative,neighbour,cadre"`
	Said      string `json:"relation_name"`
}

// agent finds who fetches for the household. It is not one of the household's own people, and neither the keeper
// nor somebody of the keeper's own household or declared kin.
func (s *Service) agent(ctx context.Context, a access.Actor, in, household id.ID, r *AgentRequest, today clock.Day) (*Agent, error) {
	if r == nil {
		return nil, nil
	}
	if r.Official != 0 {
		return s.officer(ctx, a, in, household, *r, today)
	}
	said, ok := agentRelations[r.Relation]
	if !ok || r.Member == 0 {
		return nil, wrong("agent", "请选择代领人，并说明是亲属、邻居还是干部")
	}
	subjects, err := s.people.Subjects(ctx, in, today, []id.ID{r.Member})
	if err != nil {
		return nil, err
	}
	m := subjects[0]
	switch {
	case m.Member == 0:
		return nil, wrong("agent", "请选择代领人本人，不是一户")
	case m.Household == household:
		return nil, ErrAgent.With("%s就是这一户的人，不用代领，直接兑换就行", m.Name)
	case a.IsMember(m.Member):
		return nil, ErrAgent.With("超市管理员不能自己代领，请换一位代领人")
	case a.IsOwn(m.Household):
		return nil, ErrAgent.With("%s是您自己家的人或亲属，请换一位代领人，或者由其他工作人员办理", m.Name)
	}
	return &Agent{Member: m.Member, Household: m.Household, Name: m.Name, Relation: r.Relation, Said: said}, nil
}

// Officers gives who serves a village today: access.Service.Officers.
type Officers func(ctx context.Context, in id.ID) ([]access.Officer, error)

// UseOfficers gives the service the list of those who serve a village; without it only people of its households fetch for others.
func (s *Service) UseOfficers(list Officers) { s.officers = list }

// Fetchers are the officials who may fetch for a household at this keeper's counter.
func (s *Service) Fetchers(ctx context.Context, a access.Actor, in, shop id.ID) ([]access.Officer, error) {
	if err := a.Allow(MayRedeem, access.Place{Village: in, Shop: shop}); err != nil {
		return nil, err
	}
	list := []access.Officer{}
	if s.officers == nil {
		return list, nil
	}
	all, err := s.officers(ctx, in)
	for _, o := range all {
		if o.User != a.User() {
			list = append(list, o)
		}
	}
	return list, err
}

// officer is the agent who serves the village. Whoever lives in it too is taken as the person they are there, so that
// nobody counts as two.
func (s *Service) officer(ctx context.Context, a access.Actor, in, household id.ID, r AgentRequest, today clock.Day) (*Agent, error) {
	var list []access.Officer
	var err error
	if s.officers != nil {
		list, err = s.officers(ctx, in)
	}
	at := slices.IndexFunc(list, func(o access.Officer) bool { return o.User == r.Official })
	switch {
	case err != nil:
		return nil, err
	case r.Member != 0 || r.Relation != "cadre":
		return nil, wrong("agent", "请选择代领人，并说明是亲属、邻居还是干部")
	case at < 0:
		return nil, ErrAgent.With("这个人现在不在本村任职，请换一位代领人")
	case r.Official == a.User():
		return nil, ErrAgent.With("超市管理员不能自己代领，请换一位代领人")
	case list[at].Member != 0:
		return s.agent(ctx, a, in, household, &AgentRequest{Member: list[at].Member, Relation: r.Relation}, today)
	}
	return &Agent{Official: r.Official, Name: list[at].Name, Relation: r.Relation, Said: list[at].RoleName}, nil
}

// counted is the column and value by which an agent's redemptions are counted.
func (g *Agent) counted() (column string, who id.ID) {
	if g.Official != 0 {
		return "agent_user", g.Official
	}
	return "agent_member", g.Member
}

// agentKey is the guard under which the redemptions of an agent in a month are counted.
func agentKey(agent id.ID, today clock.Day) string {
	return fmt.Sprintf("market/agent/%s/%d", agent, clock.MonthSpan(today))
}

// note records the agency, after counting under its guard.
func (g *Agent) note(tx *storage.Tx, r *Receipt, limit int, at time.Time) error {
	month := clock.MonthSpan(r.On)
	var n int
	column, who := g.counted()
	if err := tx.QueryRow(`SELECT COUNT(*) FROM agencies g JOIN redemptions r ON r.id = g.redemption_id
		WHERE g.`+column+` = ? AND g.month = ? AND r.state = ?`, who, month, Done).Scan(&n); err != nil {
		return fmt.Errorf("count agencies: %w", err)
	}
	if n >= limit {
		return ErrAgentLimit.With("%s这个月已经代领%d次，本超市最多%d次。请换一位代领人，或者本人来办", g.Name, n, limit)
	}
	_, err := tx.Exec(`INSERT INTO agencies (redemption_id, village_id, shop_id, household_id, agent_member, agent_user, agent_household, agent_name, relation, month, made_at, keeper)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`, r.ID, r.Village, r.Shop, r.Household, g.Member, g.Official, g.Household, g.Name, g.Relation, month, clock.Ms(at), r.Keeper)
	if err != nil {
		return fmt.Errorf("insert agency: %w", err)
	}
	return message.Tell(tx, message.Message{Village: r.Village, Household: r.Household, Member: r.Member, Kind: message.Redeemed, At: at,
		Title: g.Name + "替您家代领了", Body: "用了" + r.Total.String() + "分。不是您家请的人，请联系村里核对。", About: message.About{Kind: "redemption", ID: r.ID}})
}

// Agency is one redemption that somebody fetched for another household.
type Agency struct {
	Receipt  Receipt `json:"receipt"`
	Times    int     `json:"times" doc:"how often the agent fetched in the village in this month"`
	Verdict  string  `json:"verdict" enum:",fine,doubt" doc:"empty: not looked at yet"`
	Note     string  `json:"note"`
	Reviewer id.ID   `json:"reviewed_by"`
	At       int64   `json:"reviewed_at" doc:"milliseconds since 1970 UTC"`
	Repeated bool    `json:"repeated" doc:"this request had already been carried out"`
}

// Agencies is a page of them.
type Agencies struct {
	Items []Agency `json:"items"`
	Next  string   `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// Agencies lists what agents fetched in a month (0: this one), for the monthly review: newest first.
func (s *Service) Agencies(ctx context.Context, a access.Actor, in id.ID, month clock.Span, page Page) (Agencies, error) {
	if err := a.Allow(MaySeeAgents, access.Place{Village: in}); err != nil {
		return Agencies{}, err
	}
	if month == 0 {
		month = clock.MonthSpan(clock.DayOf(s.now()))
	}
	before, err := page.from(newest)
	if err != nil {
		return Agencies{}, err
	}
	list, err := s.agencies(ctx, "g.village_id = ? AND g.month = ? AND g.redemption_id < ? ORDER BY g.redemption_id DESC"+page.rows(), in, month, before)
	if err != nil {
		return Agencies{}, err
	}
	items, next := cut(list, page.limit(), func(g Agency) id.ID { return g.Receipt.ID })
	return Agencies{items, next}, nil
}

func (s *Service) agencies(ctx context.Context, where string, args ...any) ([]Agency, error) {
	list := []Agency{}
	var ids []id.ID
	rows, err := s.db.Query(ctx, `SELECT g.redemption_id, g.verdict, g.note, g.reviewed_by, g.reviewed_at,
		(SELECT COUNT(*) FROM agencies o WHERE o.village_id = g.village_id AND o.month = g.month AND o.agent_member = g.agent_member AND o.agent_user = g.agent_user) FROM agencies g WHERE `+where, args...)
	err = each(rows, err, func(r *sql.Rows) error {
		var g Agency
		err := r.Scan(&g.Receipt.ID, &g.Verdict, &g.Note, &g.Reviewer, &g.At, &g.Times)
		list, ids = append(list, g), append(ids, g.Receipt.ID)
		return err
	})
	if err != nil || len(ids) == 0 {
		return list, err
	}
	padded := storage.Padded(ids)
	receipts, err := s.list(ctx, "id IN "+storage.In(len(padded)), storage.Args(padded)...)
	for i := range list {
		for _, r := range receipts {
			if r.ID == list[i].Receipt.ID {
				list[i].Receipt = r
			}
		}
	}
	return list, err
}

// ReviewRequest is a supervisor's word on one agency.
type ReviewRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Verdict   string `json:"verdict" enum:"fine,doubt"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"what is doubtful; required for doubt"`
}

// ReviewAgency notes what a supervisor found. It moves no points. Nobody reviews what they kept or fetched themselves.
func (s *Service) ReviewAgency(ctx context.Context, a access.Actor, in, redemption id.ID, r ReviewRequest) (Agency, error) {
	if err := a.Allow(MayReviewAgents, access.Place{Village: in}); err != nil {
		return Agency{}, err
	}
	if r.Verdict != "fine" && r.Verdict != "doubt" {
		return Agency{}, wrong("verdict", "请选择没有问题或有疑问")
	}
	if err := text("note", "说明", r.Note, r.Verdict == "doubt", 200); err != nil {
		return Agency{}, err
	}
	_, repeated, err := s.once(ctx, a, r.RequestID, "market.agency.review", []any{in, redemption, r}, redemption, func(tx *storage.Tx) error {
		var household, member, official, keeper id.ID
		err := tx.QueryRow("SELECT agent_household, agent_member, agent_user, keeper FROM agencies WHERE redemption_id = ? AND village_id = ?", redemption, in).
			Scan(&household, &member, &official, &keeper)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoAgency
		}
		if err != nil {
			return fmt.Errorf("read agency: %w", err)
		}
		if keeper == a.User() || official == a.User() || a.IsMember(member) || a.IsOwn(household) {
			return ErrOwnAgency
		}
		_, err = tx.Exec("UPDATE agencies SET verdict = ?, note = ?, reviewed_by = ?, reviewed_at = ? WHERE redemption_id = ?",
			r.Verdict, r.Note, a.User(), clock.Ms(s.now()), redemption)
		return err
	})
	if err != nil {
		return Agency{}, err
	}
	list, err := s.agencies(ctx, "g.redemption_id = ?", redemption)
	if err != nil {
		return Agency{}, err
	}
	if len(list) == 0 {
		return Agency{}, ErrNoAgency
	}
	list[0].Repeated = repeated
	return list[0], nil
}
