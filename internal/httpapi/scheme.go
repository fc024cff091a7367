package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/preview"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/village"
)

func (s *Server) registerScheme(a *api) {
	register(a, get("/villages/{village}/scheme", "get-scheme", "施行中的积分细则和事项").tagged("scheme"), rulebook.MaySee, s.scheme)
	register(a, get("/villages/{village}/scheme/versions", "list-scheme-versions", "本村积分细则的各个版本").tagged("scheme"), rulebook.MaySee, s.schemeVersions)
	register(a, post("/villages/{village}/scheme/versions", "adopt-scheme", "登记村里通过的积分细则").tagged("scheme").withBody(2<<20), rulebook.MayAdopt, s.adoptScheme)
	register(a, post("/villages/{village}/scheme/preview", "preview-scheme", "用本村的真实记录试算另一份细则：发多少分、谁多谁少、名次和花费").tagged("scheme").withBody(2<<20), preview.MayPreview, s.previewScheme)
	register(a, get("/villages/{village}/households/{household}/outlook", "get-outlook", "这一户今天再做每件事能得多少分、限额还剩多少").tagged("scheme"),
		cases.MayLook, s.outlook)
}

type schemeInput struct {
	InVillage
	Day dayParam `query:"day" doc:"这一天施行的细则；空为今天"`
}

// schemeView is the version in force with the items that cover the day.
type schemeView struct {
	Version     id.ID             `json:"version"`
	Number      int               `json:"number" doc:"1, 2, 3 … within the village"`
	Title       string            `json:"title"`
	AdoptedOn   clock.Day         `json:"adopted_on"`
	FromDay     clock.Day         `json:"from_day"`
	Subject     string            `json:"subject" enum:"household,person" doc:"who is scored"`
	FenPerPoint int64             `json:"fen_per_point" doc:"what a point is reckoned to be worth, in fen; 0 where the rules do not say"`
	Wallets     []scheme.Wallet   `json:"wallets"`
	Classes     []scheme.Class    `json:"classes"`
	Items       []scheme.Item     `json:"items"`
	Base        *scheme.Base      `json:"base,omitempty"`
	Records     scheme.Records    `json:"records"`
	Redemption  scheme.Redemption `json:"redemption"`
	Initials    map[string]string `json:"initials" doc:"first letters of the pinyin of each item's name, by code, for search"`
}

func (s *Server) scheme(ctx context.Context, _ access.Actor, in *schemeInput) (schemeView, error) {
	day := in.Day.Day
	if day == 0 {
		day = clock.DayOf(s.Now())
	}
	v, err := s.Book.InForce(ctx, in.Village.ID, day)
	if err != nil {
		return schemeView{}, err
	}
	r := v.Scheme
	out := schemeView{Version: v.ID, Number: v.Number, Title: v.Title, AdoptedOn: v.AdoptedOn, FromDay: v.FromDay, Subject: r.Subject,
		FenPerPoint: r.FenPerPoint, Wallets: r.Wallets, Classes: r.Classes, Items: []scheme.Item{}, Base: r.Base, Records: r.Records, Redemption: r.Redemption,
		Initials: make(map[string]string, len(r.Items))}
	for i := range r.Items {
		if r.Items[i].InForce(day) {
			out.Items = append(out.Items, r.Items[i])
			_, out.Initials[r.Items[i].Code] = village.Pinyin(r.Items[i].Name)
		}
	}
	return out, nil
}

type schemeVersionList struct {
	Items []rulebook.Version `json:"items"`
}

func (s *Server) schemeVersions(ctx context.Context, by access.Actor, in *InVillage) (out schemeVersionList, err error) {
	out.Items, err = s.Book.Versions(ctx, by, in.Village.ID)
	if out.Items == nil {
		out.Items = []rulebook.Version{}
	}
	return out, err
}

type previewInput struct {
	InVillage
	Body struct {
		Source  string           `json:"source,omitempty" maxLength:"1048576" doc:"the scheme file; without one, the rules in force with the changes"`
		Changes []preview.Change `json:"changes,omitempty" maxItems:"20" doc:"other points for items of the rules in force"`
		From    clock.Day        `json:"from" doc:"first day of the deeds"`
		To      clock.Day        `json:"to" doc:"last day of the deeds"`
	}
}

func (s *Server) previewScheme(ctx context.Context, by access.Actor, in *previewInput) (preview.Report, error) {
	if in.Body.Source == "" {
		return s.Preview.PreviewChanges(ctx, by, in.Village.ID, in.Body.Changes, in.Body.From, in.Body.To)
	}
	return s.Preview.Preview(ctx, by, in.Village.ID, []byte(in.Body.Source), in.Body.From, in.Body.To)
}

type adoptInput struct {
	InVillage
	Body rulebook.AdoptRequest
}

type adopted struct {
	rulebook.Version
	Repeated bool `json:"repeated" doc:"the same request had been carried out before"`
}

func (s *Server) adoptScheme(ctx context.Context, by access.Actor, in *adoptInput) (adopted, error) {
	v, repeated, err := s.Book.Adopt(ctx, by, in.Village.ID, in.Body)
	if err != nil {
		return adopted{}, err
	}
	return adopted{*v, repeated}, nil
}

// outlookRow is what one more record of an item would count today.
type outlookRow struct {
	Item    string        `json:"item"`
	Name    string        `json:"name"`
	Points  points.Amount `json:"points" doc:"what would count"`
	Warned  bool          `json:"warned" doc:"it would be a warning"`
	Reasons []string      `json:"reasons" doc:"why it would count so much"`
	Left    []string      `json:"left" doc:"what is left of each limit on awards, as people read it"`
}

type outlookList struct {
	Items []outlookRow `json:"items"`
}

func (s *Server) outlook(ctx context.Context, by access.Actor, in *InPassbook) (outlookList, error) {
	h, err := s.holder(ctx, by, in)
	if err != nil {
		return outlookList{}, err
	}
	all, err := s.Cases.Outlook(ctx, by, in.Village.ID, in.Household.ID, h.member)
	if err != nil {
		return outlookList{}, err
	}
	out := outlookList{Items: []outlookRow{}}
	for i := range h.rules.Items {
		item := &h.rules.Items[i]
		if o, ok := all[item.Code]; ok {
			out.Items = append(out.Items, outlookRow{item.Code, item.Name, o.Points, o.Warned, o.Reasons, o.Left})
		}
	}
	return out, nil
}
