package publication

import (
	"fmt"
	"strings"

	"hefen/internal/paper"
	"hefen/internal/points"
)

// Document is the notice on paper. link is the whole address of the public page, empty where there is none; open leaves out
// the reasons of corrections, which officials wrote in their own words.
func (p *Page) Document(link string, open bool) (paper.Document, error) {
	n := &p.Notice
	d := paper.Document{Title: p.Title, Foot: p.VillageName + " " + n.No}
	d.Above = []string{fmt.Sprintf("%s　公布日期：%s", n.No, n.PublishedOn.Chinese()), "评定时间：" + p.Period}
	if p.CorrectsNo != "" {
		d.Above = append(d.Above, "更正"+p.CorrectsNo+"公示中的下列记录，其余不变。")
	} else {
		d.Above = append(d.Above, fmt.Sprintf("共%d条，涉及%d户：加%s分，扣%s分。异议截止：%s。", p.Sum.Cases, p.Sum.Homes, p.Sum.Plus, (-p.Sum.Minus).String(), n.ObjectUntil.Chinese()))
	}
	if len(p.Honour) > 0 {
		d.Tables = append(d.Tables, places("光荣榜", p.Honour, func(h *Place) string { return "+" + h.Points.String() }))
	}
	d.Tables = append(d.Tables, p.listing(open))
	if len(p.Warning) > 0 {
		d.Tables = append(d.Tables, places("提醒名单", p.Warning, func(h *Place) string {
			if h.Points == 0 {
				return fmt.Sprintf("提醒%d次", h.Warnings)
			}
			return h.Points.String()
		}))
	}
	for i := range p.Later {
		d.Below = append(d.Below, "本榜有更正，见"+p.Later[i].No+"更正公告。")
	}
	d.Below = append(d.Below, p.HowTo, fmt.Sprintf("封账号：%s（台账封到第%d笔；以后谁改动这之前的任何一笔，这个号就对不上）", p.Code, n.Seal.Size), "榜单指纹（SHA-256）："+grouped(n.Hash))
	if link == "" {
		return d, nil
	}
	var err error
	d.QRNote = "扫一扫，在手机上看这张榜和以后的更正。网页开放到" + n.PublicUntil.Chinese() + "。"
	d.QR, err = paper.QR(link, 300)
	return d, err
}

func (p *Page) listing(open bool) paper.Listing {
	correction := p.CorrectsNo != ""
	t := paper.Listing{Title: "公示明细", Columns: []paper.ListColumn{{Name: "小组", Share: 2.2}, {Name: "户号", Share: 1.8, Wide: true}, {Name: "户主或姓名", Share: 2.8}, {Name: "事项", Share: 6.5}, {Name: "日期", Share: 2.6, Wide: true}}}
	if open { // there are no numbers
		t.Columns[1].Share = 0.01
		t.Columns = append(t.Columns[:1], t.Columns[2:]...)
	}
	if correction {
		t.Title = "更正明细"
		t.Columns = append(t.Columns, paper.ListColumn{Name: "原来", Share: 1.7, Right: true}, paper.ListColumn{Name: "更正后", Share: 2, Right: true})
	} else {
		t.Columns = append(t.Columns, paper.ListColumn{Name: "分数", Share: 1.9, Right: true})
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		row := []string{l.GroupName, l.Number, l.who(), l.what(open), l.On.String()}
		if open {
			row = append(row[:1], row[2:]...)
		}
		if correction && l.Was != nil {
			row = append(row, l.Was.Signed())
		}
		t.Rows = append(t.Rows, append(row, l.worth()))
		t.Strike = append(t.Strike, l.Now == NowReversed)
	}
	return t
}

// who is the household, and the person where one is named.
func (l *LineNow) who() string {
	if l.Member != "" && l.Member != l.Name {
		return l.Name + "（" + l.Member + "）"
	}
	return l.Name
}

// what is the deed, and what has become of it.
func (l *LineNow) what(open bool) string {
	var b strings.Builder
	b.WriteString(l.Item)
	if l.Detail != "" {
		b.WriteString("：" + l.Detail)
	}
	if l.Share {
		b.WriteString("（连带）")
	}
	if l.Why != "" && !open {
		b.WriteString("（" + l.Why + "）")
	}
	if l.Note != "" && l.Now != NowHidden {
		b.WriteString("【" + l.Note + "】")
	}
	return b.String()
}

func (l *LineNow) worth() string {
	switch {
	case l.Taken:
		return "撤销"
	case l.Warned:
		return "提醒"
	case l.Points == 0:
		return points.Amount(0).String()
	}
	return l.Points.Signed()
}

func places(title string, list []Place, worth func(*Place) string) paper.Listing {
	t := paper.Listing{Title: title, Columns: []paper.ListColumn{{Name: "名次", Share: 1}, {Name: "小组", Share: 2}, {Name: "户主", Share: 3}, {Name: "本期", Share: 2, Right: true}}}
	if len(list) > 0 && list[0].Rank == 0 {
		t.Columns = t.Columns[1:]
	}
	for i := range list {
		h := &list[i]
		row := []string{h.GroupName, h.Name, worth(h)}
		if h.Rank > 0 {
			row = append([]string{fmt.Sprint(h.Rank)}, row...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// grouped writes a long number in groups of four.
func grouped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s[i:min(i+4, len(s))])
	}
	return b.String()
}
