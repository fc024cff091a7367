package access

import (
	"context"

	"hefen/internal/id"
)

// MayPrintCode is for who puts up the village's mini-program code.
var MayPrintCode = Need{Roles: []Role{TeamMember, FirstSecretary, CountyAdmin}, Scope: Village}

// miniPage is where the village's code leads; its scene is v=<village>.
const miniPage = "pages/enter/index"

// VillageCode draws the mini-program code of a village, JPEG or PNG, to be printed and put up. ErrNoWeChat where no
// mini-program is configured, and the errors of wechat.
func (s *Service) VillageCode(ctx context.Context, a Actor, village id.ID) ([]byte, error) {
	if err := a.Allow(MayPrintCode, Place{Village: village}); err != nil {
		return nil, err
	}
	if s.wx == nil {
		return nil, ErrNoWeChat
	}
	return s.wx.Code(ctx, miniPage, "v="+village.String())
}

// Ways tells which ways of logging in are open: through WeChat, and with a code to a phone.
func (s *Service) Ways() (weChat, code bool) { return s.wx != nil, s.sender != nil }
