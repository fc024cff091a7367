package scheme

import (
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/points"
)

func sayFixed(i *Item) string { return i.Name + "：" + i.Words.Value }

func sayRange(i *Item, given points.Amount) string {
	return i.Name + "：由评定人在" + i.Words.Value + "内评定，本次评" + plainPoints(given)
}

func sayGrade(i *Item, g *Grade) string {
	return i.Name + "：评为“" + g.Name + "”，" + plainPoints(g.Points)
}

func sayStep(i *Item, q int64, st *Step) string {
	return i.Name + "：" + quantity(q) + i.Value.Unit + "，按“" + i.Value.stepName(st) + "”计" + plainPoints(st.Points)
}

func sayPerUnit(i *Item, q int64, worth points.Amount) string {
	return i.Name + "：" + quantity(q) + i.Value.Unit + "，" + i.Words.Value + "，本次" + plainPoints(worth)
}

func sayRepeat(d *Decided, loss points.Amount) string {
	was := "已有记录"
	if d.Warned {
		was = "已警告"
	}
	return d.OccurredOn.Chinese() + was + "，本次为再犯，" + plainPoints(loss)
}

func sayWarned(until clock.Day, loss points.Amount) string {
	return "首次发生，先警告不扣分；" + until.Chinese() + "前再犯" + plainPoints(loss)
}

func sayTimes(c *Cap, what string, times int) string {
	return thisPer[c.Per] + what + "最多记" + strconv.Itoa(c.Times) + "次，已记" + strconv.Itoa(times) + "次，本次计0分"
}

func sayPoints(c *Cap, what string, used, left points.Amount, loss bool) string {
	if loss {
		return thisPer[c.Per] + what + "最多扣" + c.Points.String() + "分，已扣" + used.String() + "分，本次扣" + left.String() + "分"
	}
	return thisPer[c.Per] + what + "上限" + c.Points.String() + "分，已得" + used.String() + "分，本次计" + left.String() + "分"
}

func sayTimesLeft(c *Cap, what string, times int) string {
	return thisPer[c.Per] + what + "最多记" + strconv.Itoa(c.Times) + "次，还能记" + strconv.Itoa(max(0, c.Times-times)) + "次"
}

func sayPointsLeft(c *Cap, what string, used points.Amount) string {
	return thisPer[c.Per] + what + "上限" + c.Points.String() + "分，还剩" + max(0, c.Points-used).String() + "分"
}

var tagNames = map[string]string{TagVeto: "一票否决", TagBarred: "取消兑换资格", TagSuspended: "暂停", TagWarning: "警告", TagOpenFault: "待整改"}

func sayTag(t *Tag) string {
	if t.Kind == TagOpenFault {
		if t.Due != 0 {
			return "列为待整改，请在" + t.Due.Chinese() + "前整改"
		}
		return "列为待整改"
	}
	if t.To >= clock.Forever {
		return tagNames[t.Kind] + "，直到解除"
	}
	return tagNames[t.Kind] + "，到" + t.To.Add(-1).Chinese() + "为止"
}
