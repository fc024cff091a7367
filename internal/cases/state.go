package cases

import "slices"

// State is where a case or an inspection stands.
type State string

const (
	Draft     State = "draft"     // being filled in; only inspections so far
	Submitted State = "submitted" // waits for approval, or for the panel's vote
	Decided   State = "decided"   // its points are pending and wait for a notice
	Published State = "published" // stands on a notice, its points are pending until the days of publication are over
	Effective State = "effective" // its points count
	Objected  State = "objected"  // somebody objected: its points are frozen until that is settled
	Amended   State = "amended"   // its points count, with corrected content
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn" // by the author, before it was decided
	Reversed  State = "reversed"  // taken back after it was decided
)

// States are all of them, in the order of a case's life.
var States = []State{Draft, Submitted, Decided, Published, Effective, Objected, Amended, Rejected, Withdrawn, Reversed}

// Action is a step from one state to another.
type Action string

const (
	submit    Action = "submit"    // enter, to wait for approval
	enter     Action = "enter"     // enter, with effect at once
	enterWait Action = "enterwait" // enter what needs no approval, to wait for publication
	pass      Action = "pass"      // approve at a level that is not the last
	approve   Action = "approve"   // approve at the last level, with effect at once
	decide    Action = "decide"    // approve at the last level, to wait for publication
	turnBack  Action = "return"    // give back to the author to change
	reject    Action = "reject"    // refuse for good
	withdraw  Action = "withdraw"  // the author takes it back in time
	publish   Action = "publish"   // put on a notice
	effect    Action = "effect"    // the days of publication are over
	object    Action = "object"    // somebody says that it is wrong
	reverse   Action = "reverse"   // another person takes it back
	amend     Action = "amend"     // another person corrects it
	replay    Action = "replay"    // decided anew because an earlier decision was corrected
	remove    Action = "remove"    // an objection was right: taken back
	rectify   Action = "rectify"   // an objection was right: corrected

	// An objection is settled and the case stands: it goes on where it was.
	resumeDecided   Action = "resume_decided"
	resumePublished Action = "resume_published"
	resumeEffective Action = "resume_effective"
	resumeAmended   Action = "resume_amended"
)

var actions = []Action{submit, enter, enterWait, pass, approve, decide, turnBack, reject, withdraw, publish, effect, object, reverse, amend,
	replay, remove, rectify, resumeDecided, resumePublished, resumeEffective, resumeAmended}

// fresh is the state of what does not exist yet.
const fresh State = ""

// transitions is the one table of what may follow what. What it does not name is forbidden.
var transitions = map[State]map[Action]State{
	fresh:     {submit: Submitted, enter: Effective, enterWait: Decided},
	Draft:     {submit: Submitted, enter: Effective, enterWait: Decided, withdraw: Withdrawn},
	Submitted: {pass: Submitted, approve: Effective, decide: Decided, turnBack: Draft, reject: Rejected, withdraw: Withdrawn},
	Decided:   {publish: Published, withdraw: Reversed, reverse: Reversed, amend: Decided, replay: Decided, object: Objected},
	Published: {effect: Effective, reverse: Reversed, amend: Published, replay: Published, object: Objected},
	Effective: {publish: Effective, withdraw: Reversed, reverse: Reversed, amend: Amended, replay: Effective, object: Objected},
	Amended:   {publish: Amended, reverse: Reversed, amend: Amended, replay: Amended, object: Objected},
	Objected: {publish: Objected, rectify: Objected, replay: Objected, remove: Reversed,
		resumeDecided: Decided, resumePublished: Published, resumeEffective: Effective, resumeAmended: Amended},
}

// next is the state after an action, or ErrState.
func (s State) next(a Action) (State, error) {
	to, ok := transitions[s][a]
	if !ok {
		return s, ErrState.With("这条记录%s，不能%s，请刷新后再看", s.Name(), actionNames[a])
	}
	return to, nil
}

// standingStates are the states of a decision that stands: it uses up limits and later decisions rest on it, whether its points
// count already or wait.
var standingStates = []State{Decided, Published, Effective, Objected, Amended}

// stands reports whether the decision stands.
func (s State) stands() bool { return slices.Contains(standingStates, s) }

// The conditions of the queries that ask for decisions that stand; the second names the table c.
const (
	thatStand  = " state IN ('decided','published','effective','objected','amended')"
	cThatStand = " c.state IN ('decided','published','effective','objected','amended')"
)

var stateNames = map[State]string{
	fresh: "还没有登记", Draft: "草稿", Submitted: "待审核", Decided: "已评定，待公示", Published: "公示中", Effective: "已生效", Objected: "有异议，处理中",
	Amended: "已更正", Rejected: "未通过", Withdrawn: "已撤回", Reversed: "已冲正",
}

var actionNames = map[Action]string{
	submit: "提交", enter: "直接生效", enterWait: "登记", pass: "审核", approve: "审核", decide: "审核", turnBack: "退回", reject: "退回", withdraw: "撤回",
	publish: "公示", effect: "生效", object: "提出异议", reverse: "冲正", amend: "更正", replay: "重新评定", remove: "按异议撤销", rectify: "按异议更正",
	resumeDecided: "维持", resumePublished: "维持", resumeEffective: "维持", resumeAmended: "维持",
}

// Name is the state in Chinese.
func (s State) Name() string { return stateNames[s] }
