package httpapi

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"hefen/internal/access"
	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/ledger"
	"hefen/internal/market"
	"hefen/internal/paper"
	"hefen/internal/village"
)

// registerPrint adds the pages that are printed on A4 paper. They are whole HTML documents with no script in them.
func (s *Server) registerPrint(a *api) {
	const shop = "/villages/{village}/shops/{shop}"
	registerRaw(a, post("/villages/{village}/household-cards", "print-household-cards", "换发并打印积分卡（A4 网页）；旧卡立即作废").tagged("print"), mayKeepRegister, s.printCards)
	registerRaw(a, get(shop+"/price-tags", "print-price-tags", "打印价签（A4 网页）").tagged("print"), market.MaySeeStock, s.printTags)
	registerRaw(a, get(shop+"/redemptions/{redemption}/slip", "print-slip", "打印一张兑换凭条，有签字栏").tagged("print"), market.MaySeeRedemptions, s.printSlip)
	registerRaw(a, get("/villages/{village}/households/{household}/passbook/page", "print-passbook", "打印积分存折页（A4 网页）").tagged("print"), maySeeHousehold, s.printPassbook)
}

func page(html []byte, err error) (*download, error) {
	if err != nil {
		return nil, err
	}
	return &download{ContentType: "text/html; charset=utf-8", Disposition: "inline", Body: html}, nil
}

// cardText is what a card's QR code holds: an address where one is configured, so that any phone finds its way.
func (s *Server) cardText(code string) string {
	if base := strings.TrimRight(s.Config.PublicURL, "/"); base != "" {
		return base + village.CardPath + code
	}
	return code
}

var checkFile = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}\.txt$`)

// cardPage answers whoever opens the address on a card. It looks nothing up and says the same for every card. Below the same path
// WeChat asks for the file by which it checks who owns the addresses that open the mini-program: k/NAME.txt beside the pages.
func (s *Server) cardPage(c *gin.Context) {
	if checkFile.MatchString(c.Param("card")) {
		s.pages()(c)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>积分卡</title><body style="font:20px/1.6 sans-serif;margin:0 auto;padding:1.2em;max-width:30em;background:#f7f2e7;color:#2b2a22"><h1 style="font-size:1.3em">这是一张积分卡</h1><p>到村里的积分超市出示它，就能用积分换东西。</p>
<p>捡到别人的卡，请交给村委会。卡丢了，请马上告诉村里换一张，旧卡当时就作废。</p>
<p><a href="/" style="display:block;padding:.5em;border-radius:2em;background:#2f6b3c;color:#fff;text-align:center;text-decoration:none">打开禾分</a></p></body></html>`))
}

type printCardsInput struct {
	InVillage
	Body struct {
		RequestID  string  `json:"request_id" minLength:"16" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"made by the client and kept until a definite answer"`
		Households []id.ID `json:"households" minItems:"1" maxItems:"500"`
	}
}

func (s *Server) printCards(ctx context.Context, by access.Actor, in *printCardsInput) (*download, error) {
	at, err := s.Village.Region(ctx, in.Village.ID)
	if err != nil {
		return nil, err
	}
	codes, _, err := s.Village.ReplaceCodes(ctx, Writing{RequestID: in.Body.RequestID}.write(in.Village.ID, by), in.Body.Households)
	if err != nil {
		return nil, err
	}
	cards := make([]paper.Card, len(codes))
	for i, c := range codes {
		cards[i] = paper.Card{Village: at.Name, Number: c.Number, Name: village.MaskName(c.Name)}
		if cards[i].QR, err = paper.QRData(s.cardText(c.Code)); err != nil {
			return nil, err
		}
	}
	return page(paper.Cards(at.Name+"积分卡", cards))
}

func (s *Server) printTags(ctx context.Context, by access.Actor, in *pageOfShop) (*download, error) {
	list, err := s.Market.Goods(ctx, by, in.Village.ID, in.Shop.ID, false, in.page())
	if err != nil {
		return nil, err
	}
	shop, err := s.Market.Shop(ctx, by, in.Village.ID, in.Shop.ID)
	if err != nil {
		return nil, err
	}
	tags := []paper.Tag{}
	for _, g := range list.Items {
		if g.Price <= 0 {
			continue
		}
		t := paper.Tag{Name: g.Name, Unit: g.Unit, Price: g.Price.String(), Note: g.Note, Limit: g.Terms.Words(g.Unit)}
		code := g.Barcode
		if code == "" {
			code = "HFG-" + g.ID.String()
		}
		if t.QR, err = paper.QRData(code); err != nil {
			return nil, err
		}
		tags = append(tags, t)
	}
	return page(paper.Tags(shop.Name+"价签", tags))
}

func (s *Server) printSlip(ctx context.Context, by access.Actor, in *InRedemption) (*download, error) {
	r, err := s.Market.Redemption(ctx, by, in.Village.ID, in.Shop.ID, in.Redemption.ID)
	if err != nil {
		return nil, err
	}
	shop, err := s.Market.Shop(ctx, by, in.Village.ID, in.Shop.ID)
	if err != nil {
		return nil, err
	}
	p := paper.Slip{Title: "积分兑换凭条（" + r.StateName + "）", Shop: shop.Name, Number: r.Number, Household: r.HouseholdName, HouseholdNumber: r.HouseholdNumber,
		At: clock.FromMs(r.CreatedAt).In(clock.Shanghai).Format("2006-01-02 15:04"), Keeper: r.KeeperName, Total: r.Total.String(), Left: r.BalanceAfter.String(), Notes: r.Notes()}
	for _, l := range r.Lines {
		p.Lines = append(p.Lines, paper.SlipLine{Name: l.Name, Unit: l.Unit, Qty: l.Qty, Amount: l.Amount.String()})
	}
	for _, w := range r.Paid {
		p.Paid = append(p.Paid, paper.SlipLine{Name: w.Name, Amount: w.Amount.String()})
	}
	return page(p.Print())
}

// printPassbook prints the last hundred events, oldest first, as one would write them into a book.
func (s *Server) printPassbook(ctx context.Context, by access.Actor, in *InPassbook) (*download, error) {
	h, err := s.holder(ctx, by, in)
	if err != nil {
		return nil, err
	}
	at, err := s.Village.Region(ctx, in.Village.ID)
	if err != nil {
		return nil, err
	}
	events, _, err := s.entryPage(ctx, &h, 0, 100)
	if err != nil {
		return nil, err
	}
	left, err := ledger.Spendable(ctx, s.DB, h.rules, h.account, h.today)
	b := paper.Book{Title: "积分存折", Village: at.Name, Number: h.household.Number, Name: village.MaskName(h.household.Name), Printed: h.today.Chinese(), Spendable: left.String()}
	if err != nil {
		b.Spendable = "0"
	}
	if seals, err := ledger.Heads(ctx, s.DB, in.Village.ID, 0, 1); err != nil {
		return nil, err
	} else if len(seals) > 0 {
		b.Seal, b.SealedOn = seals[0].Code(), clock.DayOf(clock.FromMs(seals[0].At)).Chinese()
	}
	if h.name != "" {
		b.Name = village.MaskName(h.name)
	}
	slices.Reverse(events)
	for _, e := range events {
		b.Entries = append(b.Entries, paper.BookEntry{On: e.OccurredOn.String(), Title: e.Title, Amount: e.Amount.String(), Left: e.BalanceAfter.String()})
	}
	return page(b.Print())
}
