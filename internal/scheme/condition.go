package scheme

import (
	"hefen/internal/clock"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Limits of a condition, so that no file can make a decision slow.
const (
	MaxCondition  = 300 // characters
	conditionSize = 100 // nodes
)

// condition is an expression over the facts of one case. It has no loops over anything but the states, no clock and no
// functions that reach outside.
type condition struct{ program *vm.Program }

// conditionFacts is what an expression may name.
type conditionFacts struct {
	Age      int      `expr:"age"` // -1 where unknown
	States   []string `expr:"states"`
	Size     int      `expr:"size"`
	Adults   int      `expr:"adults"`
	Quantity float64  `expr:"quantity"`
	Grade    string   `expr:"grade"`
	Points   float64  `expr:"points"`
	Month    int      `expr:"month"`
	Day      int      `expr:"day"`
	Weekday  int      `expr:"weekday"` // 1 Monday to 7 Sunday
}

// newCondition compiles an expression; it must answer true or false.
func newCondition(source string) (*condition, error) {
	p, err := expr.Compile(source, expr.Env(conditionFacts{}), expr.AsBool(), expr.MaxNodes(conditionSize), expr.DisableAllBuiltins(),
		expr.EnableBuiltin("any"), expr.EnableBuiltin("all"), expr.EnableBuiltin("none"), expr.EnableBuiltin("len"), expr.EnableBuiltin("abs"))
	if err != nil {
		return nil, err
	}
	return &condition{p}, nil
}

// holds evaluates the condition for a case. An expression that fails on some case does not hold.
func (c *condition) holds(k *Case) bool {
	v := vm.VM{MemoryBudget: 1 << 12}
	out, err := v.Run(c.program, conditionFacts{
		Age: k.Who.age(k.OccurredOn), States: k.Who.States, Size: k.Who.Size, Adults: k.Who.Adults, Quantity: float64(k.Quantity) / 1000,
		Grade: k.Grade, Points: float64(k.Points) / 100, Month: k.OccurredOn.Month(), Day: k.OccurredOn.Dom(), Weekday: isoWeekday(k.OccurredOn),
	})
	yes, ok := out.(bool)
	return err == nil && ok && yes
}

// isoWeekday is 1 for Monday to 7 for Sunday.
func isoWeekday(d clock.Day) int { return (int(d.Weekday())+6)%7 + 1 }
