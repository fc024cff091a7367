package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/schollz/progressbar/v3"

	"hefen/internal/id"
	"hefen/internal/season"
)

// carryRounds takes the award rounds of closed villages as far as a machine may and prints how far that is.
func (p *program) carryRounds(ctx context.Context, o season.Order, ids []id.ID, names map[id.ID]string, workers int, sum *season.Summary, out io.Writer) error {
	bar := progressbar.NewOptions(len(ids), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("award rounds"), progressbar.OptionClearOnFinish())
	steps, refused, err := p.season.CarryAll(ctx, 0, ids, o.Span, workers, func() { _ = bar.Add(1) })
	_ = bar.Finish()
	printRounds(out, steps, names)
	sum.Refused = append(sum.Refused, refused...)
	return err
}

var roundStates = map[string]string{"early": "截止日未到", "draft": "名单已算出，还没有公布", "published": "名单在公布", "frozen": "名单已定", "issuing": "正在发放", "issued": "已发放"}

// maxSteps is how many lines of next steps are printed: a county has some hundred villages with a few rounds each.
const maxSteps = 1000

// printRounds prints each round with who is in and out, and what people have to do next.
func printRounds(out io.Writer, steps []season.RoundStep, names map[id.ID]string) {
	in, outside, count, next := 0, 0, map[string]int{}, 0
	for i := range steps {
		x := &steps[i]
		in, outside = in+x.Wins, outside+x.Of-x.Wins
		count[x.State]++
		if x.Next != "" {
			next++
		}
	}
	if len(steps) == 0 {
		fmt.Fprintln(out, "评比 0项")
		return
	}
	fmt.Fprintf(out, "评比 %d项，入选 %d，未入选 %d", len(steps), in, outside)
	for _, state := range []string{"early", "draft", "published", "frozen", "issuing", "issued"} {
		if count[state] > 0 {
			fmt.Fprintf(out, "；%s %d项", roundStates[state], count[state])
		}
	}
	fmt.Fprintln(out)
	if next > 0 {
		fmt.Fprintf(out, "下一步要人办的 %d项：\n", next)
	}
	for i := range steps {
		x := &steps[i]
		if i == maxSteps {
			fmt.Fprintf(out, "……另有 %d项，请用 --village 分村查看\n", len(steps)-maxSteps)
			break
		}
		fmt.Fprintf(out, "  %s %s%s（%s，入选 %d，未入选 %d）", names[x.Village], x.Span.Chinese(), x.Name, roundStates[x.State], x.Wins, x.Of-x.Wins)
		if x.Next != "" {
			fmt.Fprintf(out, "：%s", x.Next)
		}
		fmt.Fprintln(out)
		printPlaces(out, x.Places)
	}
}

// printPlaces names everybody on a draft, in or out, with all reasons.
func printPlaces(out io.Writer, list []season.Standing) {
	for i := range list {
		p := &list[i]
		mark, rank := "未入选", "不参加排名"
		if p.Wins {
			mark = "入选"
		}
		if p.Rank > 0 {
			rank = fmt.Sprintf("第%d名", p.Rank)
		}
		fmt.Fprintf(out, "    %s %s %s %s分 %s：%s\n", mark, p.Number, p.Name, p.Score, rank, strings.Join(p.Reasons, "；"))
	}
}
