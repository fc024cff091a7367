package httpapi

import (
	"context"
	"strings"

	"hefen/internal/access"
	"hefen/internal/cases"
	"hefen/internal/id"
	"hefen/internal/paper"
)

func (s *Server) registerTellings(a *api) {
	const path = "/villages/{village}/tellings"
	register(a, get(path, "list-tellings", "要当面告知的扣分和提醒：家里没有人用手机看的户，没告知的在前"), cases.MayTell, s.listTellings)
	register(a, post(path, "note-telling", "记下已经告知了一户：给了告知单、当面说的或打电话说的"), cases.MayTell, s.noteTelling)
	registerRaw(a, get(path+"/page", "print-tellings", "打印还没告知的扣分告知单（A4 网页），一户一张，有签字栏").tagged("print"), cases.MayTell, s.printTellings)
}

type tellingsInput struct {
	InVillage
	From dayParam `query:"from" required:"true" doc:"评定的日期，含当天"`
	To   dayParam `query:"to" required:"true" doc:"含当天，最长三个月"`
}

type tellingList struct {
	Items []cases.Telling `json:"items"`
}

func (s *Server) listTellings(ctx context.Context, by access.Actor, in *tellingsInput) (out tellingList, err error) {
	out.Items, err = s.Cases.Tellings(ctx, by, in.Village.ID, in.From.Day, in.To.Day)
	return out, err
}

type noteTellingInput struct {
	InVillage
	Body cases.TellRequest
}

func (s *Server) noteTelling(ctx context.Context, by access.Actor, in *noteTellingInput) (done, error) {
	return done{true}, s.Cases.Tell(ctx, by, in.Village.ID, in.Body)
}

func (s *Server) printTellings(ctx context.Context, by access.Actor, in *tellingsInput) (*download, error) {
	at, err := s.Village.Region(ctx, in.Village.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.Cases.Tellings(ctx, by, in.Village.ID, in.From.Day, in.To.Day)
	if err != nil {
		return nil, err
	}
	slips, of := []paper.Telling{}, map[id.ID]int{}
	for i := range list {
		t := &list[i]
		if t.Told != nil {
			continue
		}
		n, ok := of[t.Household]
		if !ok {
			n = len(slips)
			of[t.Household] = n
			slips = append(slips, paper.Telling{Title: at.Name + "扣分告知单", Household: t.Name, Number: t.Number, Group: t.GroupName,
				HowTo: "有不同意见，可以到村委会当面说，由工作人员登记为异议，也可以请家人在手机上提。村里会核实并书面答复。"})
		}
		slips[n].Lines = append(slips[n].Lines, tellingLine(t))
	}
	return page(paper.Tellings(at.Name+"扣分告知单", slips))
}

func tellingLine(t *cases.Telling) paper.TellingLine {
	l := paper.TellingLine{What: t.ItemName, Worth: "扣" + (-t.Points).String() + "分", On: t.OccurredOn.Chinese(), Member: t.MemberName, Why: strings.Join(t.Reasons, "；"), Counts: t.Counts}
	if t.GradeName != "" {
		l.What += "（" + t.GradeName + "）"
	}
	if t.Warned {
		l.Worth = "提醒"
	}
	if t.ObjectUntil != 0 {
		l.Until = "提异议的最后一天：" + t.ObjectUntil.Chinese() + "。"
	}
	return l
}
