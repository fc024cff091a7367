package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hefen/internal/access"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/rulebook"
	"hefen/internal/scheme"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// Photos of cases are shown with their batch, because one photo may prove what many did together; those of a household in an
// inspection name it as the part.
const (
	PhotosOfCases = "case"
	noteOfCases   = "case_note" // texts that are checked; the ref is a batch, or a case whose note was changed
)

// MaxEvidence is how many pieces one request carries.
const MaxEvidence = 9

// Evidence is one piece of proof: a photo of the deed, a photo of a paper, a signature drawn on the screen, or the word of
// the other household.
type Evidence struct {
	Kind string `json:"kind" enum:"photo,certificate,signature,both,before,after" doc:"before and after: of a fault that was put right"`
	media.Ref
	Household id.ID  `json:"household,omitempty" doc:"both: the other household"`
	Note      string `json:"note,omitempty" maxLength:"200" doc:"both: who confirmed it orally, and when; empty: the household is asked in the app, and the record waits"`
	By        id.ID  `json:"-"` // who has uploaded it, where that is not who enters the record: a villager, at a check-in
}

var (
	ErrEvidence    = errs.New(errs.Invalid, "cases_evidence", "这件事需要证明，请补上后再提交")
	ErrProof       = errs.New(errs.Invalid, "cases_evidence_invalid", "证明填写不对，请按提示修改")
	ErrUnconfirmed = errs.New(errs.Conflict, "cases_unconfirmed", "对方户还没有确认，请等对方确认，或者由登记人注明对方的口头确认")
)

// proofs is what a request brings to prove its deed.
type proofs struct {
	photos []Evidence // with a photo
	asked  []Evidence // of other households
	note   string
}

// proofsOf checks the evidence of a request. What the item asks for must be there; wait says why a record must wait for the
// other household's word, empty if it need not.
func (s *Service) proofsOf(ctx context.Context, a access.Actor, where id.ID, r Request, item *scheme.Item, subjects []village.Subject) (p proofs, wait string, err error) {
	p.note = strings.TrimSpace(r.Note)
	if len(r.Evidence) > MaxEvidence {
		return p, "", ErrProof.With("证明太多，一次最多%d件", MaxEvidence)
	}
	have, oral := map[string]bool{}, map[string]bool{}
	for i, e := range r.Evidence {
		if err := s.checkProof(ctx, a, where, r, e, subjects); err != nil {
			return p, "", proofFault(i, err)
		}
		have[e.Kind] = true
		oral[e.Kind] = oral[e.Kind] || e.Kind != scheme.EvidenceBoth || e.Note != ""
		if e.Kind == scheme.EvidenceBoth {
			p.asked = append(p.asked, e)
		} else {
			p.photos = append(p.photos, e)
		}
	}
	if err := demand(item, have); err != nil {
		return p, "", err
	}
	if demand(item, oral) != nil {
		wait = "等对方户确认，确认后再审核"
	}
	return p, wait, nil
}

func proofFault(i int, err error) error {
	e := errs.As(err)
	if e == nil || len(e.Fields) > 0 {
		return err
	}
	return e.WithFields(errs.Field{Path: "evidence[" + strconv.Itoa(i) + "]", Msg: e.Msg})
}

func (s *Service) checkProof(ctx context.Context, a access.Actor, where id.ID, r Request, e Evidence, subjects []village.Subject) error {
	switch e.Kind {
	case scheme.EvidencePhoto, scheme.EvidenceCertificate, scheme.EvidenceSignature, PhotoBefore, PhotoAfter:
		if e.Photo == 0 && e.SHA256 == "" {
			return ErrProof.With("请先上传照片或签名")
		}
		return nil
	case scheme.EvidenceBoth:
	default:
		return ErrProof.With("没有这种证明，请更新小程序后再试")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(e.Note)); n == 1 || n > 200 {
		return ErrProof.With("请写明对方谁、什么时候口头确认的，最多200字")
	}
	if e.Household == 0 || slices.ContainsFunc(subjects, func(sub village.Subject) bool { return sub.Household == e.Household }) {
		return ErrProof.With("双方确认要选另一户，不能选被记分的这一户")
	}
	if err := a.NotOwn(e.Household); err != nil {
		return err
	}
	_, err := s.villages.Subjects(ctx, where, r.OccurredOn, []id.ID{e.Household})
	return err
}

// demand refuses what an item asks for and does not have: any one kind is enough unless the item wants all.
func demand(item *scheme.Item, have map[string]bool) error {
	missing := func(kind string) bool { return kind != scheme.EvidenceNone && !have[kind] }
	ok := !slices.ContainsFunc(item.Evidence, missing)
	if !item.EvidenceAll {
		ok = ok || !slices.ContainsFunc(item.Evidence, func(k string) bool { return k != scheme.EvidenceNone }) ||
			slices.Contains(item.Evidence, scheme.EvidenceNone) || slices.ContainsFunc(item.Evidence, func(k string) bool { return have[k] })
	}
	if ok {
		return nil
	}
	msg := "“" + item.Name + "”需要" + item.EvidenceText() + "，请补上后再提交"
	return ErrEvidence.With("%s", msg).WithFields(errs.Field{Path: "evidence", Msg: msg})
}

// store keeps the proofs of a batch, in the transaction that enters it.
func (s *Service) storeProofs(tx *storage.Tx, by id.ID, where, batch id.ID, p proofs, atMs int64) error {
	if err := s.attach(tx, by, where, batch, 0, p.photos); err != nil {
		return err
	}
	for _, e := range p.asked {
		how, confirmer, confirmed := "", id.ID(0), int64(0)
		if e.Note != "" {
			how, confirmer, confirmed = "oral", by, atMs
		}
		_, err := tx.Exec(`INSERT INTO case_confirmations (id, village_id, batch_id, household_id, asked_by, asked_at, how, note, confirmed_by, confirmed_at)
			VALUES (?,?,?,?,?,?,?,?,?,?)`, tx.NewID(), where, batch, e.Household, by, atMs, how, strings.TrimSpace(e.Note), confirmer, confirmed)
		if storage.IsDuplicate(err) {
			return ErrProof.With("同一户请求了两次确认，请去掉重复的")
		}
		if err != nil {
			return fmt.Errorf("store confirmation: %w", err)
		}
	}
	return s.photos.AskText(tx, media.Sender{Village: where, User: by}, true, noteOfCases, batch, p.note)
}

// attach shows photos with a batch, or with one household of it.
func (s *Service) attach(tx *storage.Tx, by, where, batch, part id.ID, photos []Evidence) error {
	for _, e := range photos {
		u := media.Use{Village: where, Kind: PhotosOfCases, Ref: batch, Part: part, Role: e.Kind, By: cmp.Or(e.By, by), Trusted: e.By == 0}
		if err := s.photos.Attach(tx, u, e.Ref); err != nil {
			return err
		}
	}
	return nil
}

// proven refuses to let a case take effect while the other household's word is all that would prove it and is still missing.
func proven(tx *storage.Tx, v *rulebook.Version, c *record) error {
	item, ok := v.Scheme.Item(c.item)
	if !ok || !slices.Contains(item.Evidence, scheme.EvidenceBoth) {
		return nil
	}
	have, asked, err := kinds(tx, c.batch, c.household)
	if err != nil || !asked {
		return err
	}
	if demand(item, have) != nil {
		return ErrUnconfirmed
	}
	return nil
}

// kinds are the kinds of evidence that a household's case of a batch has, and whether another household was asked.
func kinds(tx *storage.Tx, batch, household id.ID) (have map[string]bool, asked bool, err error) {
	rows, err := tx.Query(`SELECT u.role, 1 FROM media_uses u WHERE u.kind = 'case' AND u.ref_id = ? AND u.part_id IN (0, ?) AND u.ended_at = 0
		UNION ALL SELECT 'both', CASE WHEN f.confirmed_at > 0 THEN 1 ELSE 0 END FROM case_confirmations f WHERE f.batch_id = ?`, batch, household, batch)
	if err != nil {
		return nil, false, fmt.Errorf("read evidence: %w", err)
	}
	defer rows.Close()
	have = map[string]bool{}
	for rows.Next() {
		var kind string
		var there int
		if err := rows.Scan(&kind, &there); err != nil {
			return nil, false, err
		}
		have[kind] = have[kind] || there != 0
		asked = asked || kind == scheme.EvidenceBoth
	}
	return have, asked, rows.Err()
}

// proven says which rows of an inspection lack what the item asks for. A row that gives nothing proves nothing.
func (d *inspecting) proven(tx *storage.Tx) error {
	if d.act != submit && d.act != enter || demand(d.item, nil) == nil {
		return nil
	}
	rows, err := tx.Query("SELECT part_id, role FROM media_uses WHERE kind = 'case' AND ref_id = ? AND ended_at = 0", d.in.ID)
	if err != nil {
		return fmt.Errorf("read evidence: %w", err)
	}
	defer rows.Close()
	have := map[id.ID]map[string]bool{}
	for rows.Next() {
		var part id.ID
		var kind string
		if err := rows.Scan(&part, &kind); err != nil {
			return err
		}
		if have[part] == nil {
			have[part] = map[string]bool{}
		}
		have[part][kind] = true
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var refused []refusal
	for i, l := range d.rows {
		if givesNothing(d.item, l) || demand(d.item, have[0]) == nil {
			continue
		}
		if err := demand(d.item, have[l.Household]); err != nil {
			refused = append(refused, refusal{i, err})
		}
	}
	if len(refused) > 0 {
		return wrongRows(refused, d.rows)
	}
	return nil
}

func givesNothing(item *scheme.Item, l InspectionLine) bool {
	if g, ok := item.Value.Grade(l.Grade); ok {
		return g.Points == 0
	}
	lo, hi := item.Value.Bounds()
	return lo != hi && l.Points == 0 && l.Quantity == 0
}

// askNotes has the notes of an inspection's cases checked.
func (d *inspecting) askNotes(tx *storage.Tx) error {
	for _, c := range d.cases {
		if err := d.photos.AskText(tx, media.Sender{Village: c.village, User: c.author}, true, noteOfCases, c.id, c.note); err != nil {
			return err
		}
	}
	return nil
}
