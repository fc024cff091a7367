package notify

import (
	"testing"

	"hefen/internal/ledger"
)

func TestTitleSaysItsWordOnce(t *testing.T) {
	for _, c := range []struct {
		kind        ledger.Kind
		title, want string
	}{
		{ledger.Award, "清扫", "加分：清扫"},
		{ledger.Grant, "基础分100分", "基础分：100分"},
		{ledger.Freeze, "有异议，冻结：清扫", "有异议，冻结：清扫"},
		{ledger.Redeem, "兑换：香皂×1", "兑换：香皂×1"},
	} {
		if got := titleOf(&ledger.Entry{Kind: c.kind, Title: c.title}); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.title, got, c.want)
		}
	}
}
