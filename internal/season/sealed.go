package season

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/points"
	"hefen/internal/scheme"
)

// sealedFormat opens every sealed list.
const sealedFormat = "hefen award list 1"

// Sealed is everything that the outcome of a round is computed from. Its JSON text is sealed by SHA-256 before lots are
// drawn, so that anybody who is given the text can compute the outcome again and see that it is the one that was sealed.
type Sealed struct {
	Format    string           `json:"format"`
	Salt      string           `json:"salt" doc:"random, so that nobody can try states and scores against the published hash"`
	Village   id.ID            `json:"village"`
	Code      string           `json:"code"`
	Span      clock.Span       `json:"span"`
	Rules     string           `json:"rules" doc:"SHA-256 of the rules file, in hexadecimal digits"`
	Standings []SealedStanding `json:"standings" doc:"by account"`
}

// SealedStanding is where one account stood on the day of the cut-off.
type SealedStanding struct {
	Account   id.ID         `json:"account"`
	Kind      string        `json:"kind"`
	Group     id.ID         `json:"group,omitempty"`
	GroupName string        `json:"group_name,omitempty"`
	States    []string      `json:"states,omitempty"`
	Tags      []scheme.Tag  `json:"tags,omitempty"`
	Scores    []SealedScore `json:"scores,omitempty"`
}

// SealedScore is the total of a score wallet, of a class or of an item.
type SealedScore struct {
	Wallet string        `json:"wallet,omitempty"`
	Class  string        `json:"class,omitempty"`
	Item   string        `json:"item,omitempty"`
	Span   clock.Span    `json:"span,omitempty" doc:"absent: everything ever counted"`
	Amount points.Amount `json:"amount"`
}

// MarshalJSON of a span 0 would be a year 0.
func (s SealedScore) MarshalJSON() ([]byte, error) {
	span := ""
	if s.Span != 0 {
		span = s.Span.String()
	}
	return json.Marshal(sealedScore{s.Wallet, s.Class, s.Item, span, s.Amount})
}

func (s *SealedScore) UnmarshalJSON(b []byte) error {
	var x sealedScore
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	*s = SealedScore{Wallet: x.Wallet, Class: x.Class, Item: x.Item, Amount: x.Amount}
	if x.Span == "" {
		return nil
	}
	var err error
	s.Span, err = clock.ParseSpan(x.Span)
	return err
}

type sealedScore struct {
	Wallet string        `json:"wallet,omitempty"`
	Class  string        `json:"class,omitempty"`
	Item   string        `json:"item,omitempty"`
	Span   string        `json:"span,omitempty"`
	Amount points.Amount `json:"amount"`
}

// salt is random text.
func salt() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// seal writes standings down in one form: the same ones give the same text.
func (d declared) seal(in id.ID, salt string, source []byte, standings []scheme.Standing) (text, hash string, err error) {
	rules := sha256.Sum256(source)
	s := Sealed{Format: sealedFormat, Salt: salt, Village: in, Code: d.Code, Span: d.span, Rules: hex.EncodeToString(rules[:]), Standings: make([]SealedStanding, len(standings))}
	for i := range standings {
		s.Standings[i] = sealStanding(&standings[i])
	}
	slices.SortFunc(s.Standings, func(a, b SealedStanding) int { return cmp.Compare(a.Account, b.Account) })
	b, err := json.Marshal(s)
	if err != nil {
		return "", "", fmt.Errorf("seal list: %w", err)
	}
	return string(b), HashOf(string(b)), nil
}

// HashOf is the SHA-256 of a sealed list's text, in hexadecimal digits.
func HashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func sealStanding(st *scheme.Standing) SealedStanding {
	out := SealedStanding{Account: st.Account, Kind: st.Kind, Group: st.Group, GroupName: st.GroupName, States: slices.Sorted(slices.Values(st.States)), Tags: slices.Clone(st.Tags)}
	slices.SortFunc(out.Tags, func(a, b scheme.Tag) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason))
	})
	for k, amount := range st.Scores {
		out.Scores = append(out.Scores, SealedScore{Wallet: k.Wallet, Span: k.Span, Amount: amount})
	}
	for k, amount := range st.Counts {
		out.Scores = append(out.Scores, SealedScore{Class: k.Class, Item: k.Item, Span: k.Span, Amount: amount})
	}
	slices.SortFunc(out.Scores, func(a, b SealedScore) int {
		return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Span, b.Span))
	})
	return out
}

// open reads a sealed text back.
func open(text string) (Sealed, []scheme.Standing, error) {
	var s Sealed
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, nil, fmt.Errorf("read sealed list: %w", err)
	}
	if s.Format != sealedFormat {
		return s, nil, errors.New("not a sealed award list")
	}
	out := make([]scheme.Standing, len(s.Standings))
	for i, x := range s.Standings {
		out[i] = scheme.Standing{Account: x.Account, Kind: x.Kind, Group: x.Group, GroupName: x.GroupName, States: x.States, Tags: x.Tags,
			Scores: map[scheme.ScoreKey]points.Amount{}, Counts: map[scheme.CountKey]points.Amount{}}
		for _, v := range x.Scores {
			if v.Wallet != "" {
				out[i].Scores[scheme.ScoreKey{Wallet: v.Wallet, Span: v.Span}] = v.Amount
			} else {
				out[i].Counts[scheme.CountKey{Class: v.Class, Item: v.Item, Span: v.Span}] = v.Amount
			}
		}
	}
	return s, out, nil
}
