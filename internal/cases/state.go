package cases

// State is where a case or an inspection stands.
type State string

const (
	Draft     State = "draft"     // being filled in; only inspections so far
	Submitted State = "submitted" // waits for approval
	Effective State = "effective" // decided and posted
	Amended   State = "amended"   // in effect with corrected content
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn" // by the author, before it took effect
	Reversed  State = "reversed"  // taken back after it took effect
)

// States are all of them, in the order of a case's life.
var States = []State{Draft, Submitted, Effective, Amended, Rejected, Withdrawn, Reversed}

// Action is a step from one state to another.
type Action string

const (
	submit   Action = "submit"   // enter, to wait for approval
	enter    Action = "enter"    // enter, with effect at once
	pass     Action = "pass"     // approve at a level that is not the last
	approve  Action = "approve"  // approve at the last level
	turnBack Action = "return"   // give back to the author to change
	reject   Action = "reject"   // refuse for good
	withdraw Action = "withdraw" // the author takes it back in time
	reverse  Action = "reverse"  // another person takes it back
	amend    Action = "amend"    // another person corrects it
	replay   Action = "replay"   // decided anew because an earlier decision was corrected
)

var actions = []Action{submit, enter, pass, approve, turnBack, reject, withdraw, reverse, amend, replay}

// fresh is the state of what does not exist yet.
const fresh State = ""

// transitions is the one table of what may follow what. What it does not name is forbidden.
var transitions = map[State]map[Action]State{
	fresh:     {submit: Submitted, enter: Effective},
	Draft:     {submit: Submitted, enter: Effective, withdraw: Withdrawn},
	Submitted: {pass: Submitted, approve: Effective, turnBack: Draft, reject: Rejected, withdraw: Withdrawn},
	Effective: {withdraw: Reversed, reverse: Reversed, amend: Amended, replay: Effective},
	Amended:   {reverse: Reversed, amend: Amended, replay: Amended},
}

// next is the state after an action, or ErrState.
func (s State) next(a Action) (State, error) {
	to, ok := transitions[s][a]
	if !ok {
		return s, ErrState.With("这条记录%s，不能%s，请刷新后再看", s.Name(), actionNames[a])
	}
	return to, nil
}

// inEffect reports whether the case counts: its points stand and later decisions rest on it.
func (s State) inEffect() bool { return s == Effective || s == Amended }

var stateNames = map[State]string{
	fresh: "还没有登记", Draft: "草稿", Submitted: "待审核", Effective: "已生效", Amended: "已更正", Rejected: "未通过", Withdrawn: "已撤回", Reversed: "已冲正",
}

var actionNames = map[Action]string{
	submit: "提交", enter: "直接生效", pass: "审核", approve: "审核", turnBack: "退回", reject: "退回", withdraw: "撤回", reverse: "冲正", amend: "更正", replay: "重新评定",
}

// Name is the state in Chinese.
func (s State) Name() string { return stateNames[s] }
