package cases

import (
	"context"
	"slices"

	"hefen/internal/access"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/scheme"
	"hefen/internal/storage"
)

// EvidenceRequest adds photos to what has been entered.
type EvidenceRequest struct {
	RequestID string     `json:"request_id" minLength:"16" maxLength:"64"`
	Household id.ID      `json:"household,omitempty" doc:"inspections: the household that the photos are of"`
	Evidence  []Evidence `json:"evidence" minItems:"1" maxItems:"9" doc:"photos, certificates and signatures"`
}

// AddEvidence adds photos to a case: by those who may record, not for an own or kin household. Nothing is decided anew.
func (s *Service) AddEvidence(ctx context.Context, a access.Actor, where, caseID id.ID, r EvidenceRequest) (Answer, error) {
	if err := a.Allow(MayRecord, access.Place{Village: where}); err != nil {
		return Answer{}, err
	}
	c, err := s.one(ctx, where, caseID)
	if err != nil {
		return Answer{}, err
	}
	if err := a.NotOwn(c.household); err != nil {
		return Answer{}, err
	}
	repeated, err := s.addPhotos(ctx, a, where, c.batch, c.part(), "cases.evidence", r)
	if err != nil {
		return Answer{}, err
	}
	view, err := s.Get(ctx, a, where, caseID)
	return Answer{View: view, Repeated: repeated}, err
}

// AddInspectionEvidence adds photos of a household to an inspection that is being filled in.
func (s *Service) AddInspectionEvidence(ctx context.Context, a access.Actor, where, inspection id.ID, r EvidenceRequest) (Inspection, error) {
	if err := a.Allow(MayInspect, access.Place{Village: where}); err != nil {
		return Inspection{}, err
	}
	in, err := s.inspection(ctx, where, inspection)
	if err != nil {
		return Inspection{}, err
	}
	if ok, err := s.fills(ctx, a, &in); err != nil || !ok {
		return Inspection{}, errOr(err, ErrInspector)
	}
	if in.State != Draft {
		return Inspection{}, ErrState.With("这次检查已经提交，不能再修改")
	}
	listed, err := s.listed(ctx, inspection)
	if err != nil {
		return Inspection{}, err
	}
	if !slices.Contains(listed, r.Household) {
		return Inspection{}, ErrRows.With("这一户不在检查名单里，请刷新名单")
	}
	if _, err := s.addPhotos(ctx, a, where, inspection, r.Household, "cases.inspection.evidence", r); err != nil {
		return Inspection{}, err
	}
	return s.Inspection(ctx, a, where, inspection)
}

func (s *Service) addPhotos(ctx context.Context, a access.Actor, where, batch, part id.ID, op string, r EvidenceRequest) (repeated bool, err error) {
	if len(r.Evidence) == 0 || len(r.Evidence) > MaxEvidence {
		return false, ErrProof.With("请选择1到%d张照片", MaxEvidence)
	}
	for i, e := range r.Evidence {
		if e.Kind == scheme.EvidenceBoth {
			return false, proofFault(i, ErrProof.With("对方的确认请用“确认”办理"))
		}
		if err := s.checkProof(ctx, a, where, Request{}, e, nil); err != nil {
			return false, proofFault(i, err)
		}
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, repeated, err = tx.Once(a.User(), r.RequestID, op, []any{where, batch, r.Household, r.Evidence}, batch); err != nil || repeated {
			return err
		}
		return s.attach(tx, a.User(), where, batch, part, r.Evidence)
	})
	return repeated, err
}

// MaySeePhotos reports, by ErrNoCase, whether an actor may see the photos of a batch or of one household's part in it: those
// who may see the case, those asked to confirm it, and the inspectors of an inspection under way.
func (s *Service) MaySeePhotos(ctx context.Context, a access.Actor, where, batch, part id.ID) error {
	if err := a.Allow(MaySee, access.Place{Village: where}); err != nil {
		return ErrNoCase
	}
	cond, args, err := s.visible(ctx, a, where, Filter{})
	if err != nil {
		return err
	}
	if part != 0 {
		cond, args = cond+" AND c.household_id = ?", append(args, part)
	}
	var n int
	err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM cases c WHERE c.village_id = ? AND c.batch_id = ?"+cond, append([]any{where, batch}, args...)...).Scan(&n)
	if err != nil || n > 0 {
		return err
	}
	if part == 0 {
		homes := storage.Padded(homesIn(a, where))
		err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM case_confirmations WHERE village_id = ? AND batch_id = ? AND household_id IN "+storage.In(len(homes)),
			storage.Args(homes, where, batch)...).Scan(&n)
		if err != nil || n > 0 {
			return err
		}
	}
	if a.Allow(MayInspect, access.Place{Village: where}) == nil {
		err = s.db.QueryRow(ctx, "SELECT COUNT(*) FROM inspections WHERE id = ? AND village_id = ?", batch, where).Scan(&n)
		if err != nil || n > 0 {
			return err
		}
	}
	return ErrNoCase
}

func (s *Service) viewer(a access.Actor, where id.ID) media.Viewer {
	return media.Viewer{User: a.User(), Official: a.Allow(overseers, access.Place{Village: where}) == nil}
}

// dress adds to views what lies beside the cases: photos with links for the caller, and which notes the content check holds back.
func (s *Service) dress(ctx context.Context, a access.Actor, where id.ID, views []View) error {
	batches, noted := make([]id.ID, 0, len(views)), []id.ID{}
	for _, v := range views {
		if !slices.Contains(batches, v.Batch) {
			batches = append(batches, v.Batch)
		}
		if v.Note != "" {
			noted = append(noted, v.ID, v.Batch)
		}
	}
	viewer := s.viewer(a, where)
	shots, err := s.photos.Shots(ctx, viewer, PhotosOfCases, batches...)
	if err != nil {
		return err
	}
	readable, err := s.photos.Readable(ctx, viewer, noteOfCases, noted...)
	if err != nil {
		return err
	}
	for i := range views {
		v := &views[i]
		for _, shot := range shots[v.Batch] {
			if shot.Part == 0 || shot.Part == v.Household {
				v.Photos = append(v.Photos, shot)
			}
		}
		if v.Note != "" && (!readable[v.ID] || !readable[v.Batch]) {
			v.Note, v.NoteHeld = "", true
		}
	}
	return nil
}

// noteAgain has the changed note of a case checked.
func (s *Service) noteAgain(tx *storage.Tx, c *record, by id.ID) error {
	return s.photos.AskText(tx, media.Sender{Village: c.village, User: by}, true, noteOfCases, c.id, c.note)
}
