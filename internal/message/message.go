// Package message keeps what people are told (消息): one row for a household, a user or the officials of a village, written in
// the transaction of the step that it tells about. A direct award, a redemption and the other postings of the ledger have
// no row: whoever lists messages folds them in from the entries. Rows are never changed; what a user has read is one mark
// per user, so each phone of a family has its own.
package message

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// Topic is the outbox topic of rows just written, for those who also send them elsewhere; the payload is a Batch.
const Topic = "message"

// Kind is what a message is about.
type Kind string

const (
	Decided   Kind = "decided"   // a record was decided, refused or corrected
	Deduct    Kind = "deduct"    // points are to be deducted: told before it counts
	Published Kind = "published" // stands on a notice, objections run
	Objected  Kind = "objected"  // somebody objected to it
	Answered  Kind = "answered"  // an objection or complaint was answered
	Redeemed  Kind = "redeemed"  // points became goods, also by an agent for the household
	Reserved  Kind = "reserved"  // a reservation was made, is ready, lapsed
	Expiring  Kind = "expiring"  // points that end soon
	Waiting   Kind = "waiting"   // somebody has to review, confirm or answer
	Lifted    Kind = "lifted"    // a veto, bar, suspension or warning ended before its day
	Activity  Kind = "activity"  // an event was called, changed, cancelled
	Notice    Kind = "notice"    // anything else that the village tells
)

var kindNames = map[Kind]string{
	Decided: "积分评定", Deduct: "扣分提醒", Published: "公示", Objected: "异议", Answered: "答复", Redeemed: "兑换", Reserved: "预约",
	Expiring: "积分到期", Waiting: "待办", Lifted: "解除限制", Activity: "活动", Notice: "通知",
}

// Kinds are all of them.
var Kinds = []Kind{Decided, Deduct, Published, Objected, Answered, Redeemed, Reserved, Expiring, Waiting, Lifted, Activity, Notice}

// Name is the kind in Chinese.
func (k Kind) Name() string { return kindNames[k] }

// Limits, in characters. What is longer is cut: a message never makes the step fail that it tells about.
const (
	MaxTitle = 60
	MaxBody  = 500
)

// About names what a message leads to when it is touched; zero for nothing.
type About struct {
	Kind string `json:"kind" doc:"case, redemption, reservation, notice, objection, complaint, activity, tag, posting, points, wish"`
	ID   id.ID  `json:"id"`
}

// Message is one thing that somebody is told. It goes to User, or else to all of Household, or else to the officials of
// Village.
type Message struct {
	Village   id.ID
	Household id.ID
	Member    id.ID // whom in the household it concerns; zero: all of it
	User      id.ID
	Kind      Kind
	Title     string
	Body      string
	About     About
	At        time.Time
}

// to is the one id under which readers find it; ids are unique over all tables.
func (m *Message) to() id.ID {
	switch {
	case m.User != 0:
		return m.User
	case m.Household != 0:
		return m.Household
	}
	return m.Village
}

// Batch is the payload of the outbox: the ids of rows written together.
type Batch struct {
	IDs []id.ID `json:"ids"`
}

// Tell writes messages in the transaction of what they tell about: one INSERT for up to a hundred, and one outbox row per
// village where somebody reads the topic.
func Tell(tx *storage.Tx, messages ...Message) error {
	if len(messages) == 0 {
		return nil
	}
	args := make([]any, 0, len(messages)*width)
	var villages []id.ID
	byVillage := map[id.ID]*Batch{}
	for i := range messages {
		m := &messages[i]
		if m.Village == 0 || m.At.IsZero() || kindNames[m.Kind] == "" || m.Title == "" {
			return fmt.Errorf("message %q: village, kind, title and instant must be set", m.Kind)
		}
		row := tx.NewID()
		args = append(args, row, m.Village, m.to(), m.Household, m.Member, m.User, string(m.Kind), cut(m.Title, MaxTitle), cut(m.Body, MaxBody),
			m.About.Kind, m.About.ID, clock.Ms(m.At))
		if byVillage[m.Village] == nil {
			byVillage[m.Village] = &Batch{}
			villages = append(villages, m.Village)
		}
		byVillage[m.Village].IDs = append(byVillage[m.Village].IDs, row)
	}
	if err := tx.Insert("INSERT INTO messages ("+columns+") VALUES ", width, args); err != nil {
		return fmt.Errorf("insert messages: %w", err)
	}
	for _, v := range villages {
		if err := tx.Emit(v, Topic, byVillage[v]); err != nil {
			return err
		}
	}
	return nil
}

const (
	columns = "id, village_id, to_id, household_id, member_id, user_id, kind, title, body, about_kind, about_id, at_ms"
	width   = 12
)

// cut shortens a text to n characters, the last of them an ellipsis.
func cut(text string, n int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
