package media

import (
	"context"
	"fmt"
	"strconv"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
	"hefen/internal/wechat"
)

var (
	ErrNoReview  = errs.New(errs.NotFound, "media_review_not_found", "没有找到这一条，可能已经由别人看过了，请刷新")
	ErrOwnReview = errs.New(errs.Forbidden, "media_review_own", "自己提交的内容要由其他工作人员来看")
)

// maxExcerpt is how many characters of a text are kept for the person who has to look at it.
const maxExcerpt = 500

func excerpt(text string) string {
	if r := []rune(text); len(r) > maxExcerpt {
		return string(r[:maxExcerpt-1]) + "…"
	}
	return text
}

// Review is a text or photo that the content check leaves to a person.
type Review struct {
	ID       id.ID  `json:"id"`
	Kind     string `json:"kind" doc:"photo, or whose text it is: case_note, voice, …"`
	KindName string `json:"kind_name"`
	Text     string `json:"text,omitempty"`
	Photo    *Shot  `json:"photo,omitempty"`
	By       id.ID  `json:"-"`
	Sender   string `json:"sender" doc:"name of who sent it"`
	At       int64  `json:"at" doc:"milliseconds since 1970 UTC"`
	ref      id.ID
}

// Reviews is a page of them, oldest first.
type Reviews struct {
	Items []Review `json:"items"`
	Next  string   `json:"next" doc:"cursor of the next page; empty at the end"`
}

// JudgeRequest is what a person says of one.
type JudgeRequest struct {
	RequestID string `json:"request_id" minLength:"16" maxLength:"64" doc:"made on the device"`
	Accept    bool   `json:"accept" doc:"true: it may be shown; false: it stays hidden from everybody but its sender"`
}

// Judged is the answer to it.
type Judged struct {
	ID       id.ID `json:"id"`
	Accepted bool  `json:"accepted"`
	Repeated bool  `json:"repeated,omitempty"`
}

var reviewNames = map[string]string{checkPhoto: "照片", "case_note": "登记的说明", "voice": "投诉和建议", "voice_answer": "书面答复", "objection": "异议"}

// Reviews lists what waits for a person in a village, after a cursor. The caller has checked that the viewer is one of the
// village's officials.
func (s *Service) Reviews(ctx context.Context, v Viewer, village, after id.ID, limit int) (Reviews, error) {
	if limit <= 0 || limit > 50 {
		limit = 20
	}
	rows, err := s.db.Query(ctx, "SELECT id, kind, ref_id, user_id, text, asked_at FROM content_checks WHERE village_id = ? AND verdict = 'review' AND id > ? ORDER BY id LIMIT "+strconv.Itoa(limit+1),
		village, after)
	if err != nil {
		return Reviews{}, fmt.Errorf("list reviews: %w", err)
	}
	defer rows.Close()
	out := Reviews{Items: []Review{}}
	for rows.Next() {
		var r Review
		if err := rows.Scan(&r.ID, &r.Kind, &r.ref, &r.By, &r.Text, &r.At); err != nil {
			return Reviews{}, err
		}
		if r.KindName = reviewNames[r.Kind]; r.KindName == "" {
			r.KindName = "文字"
		}
		out.Items = append(out.Items, r)
	}
	if err := rows.Err(); err != nil {
		return Reviews{}, err
	}
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = out.Items[limit-1].ID.String()
	}
	return out, s.picture(ctx, v, village, out.Items)
}

// picture adds to reviews of photos one use of each, with its link.
func (s *Service) picture(ctx context.Context, v Viewer, village id.ID, list []Review) error {
	until := s.linkEnd()
	for i := range list {
		if list[i].Kind != checkPhoto {
			continue
		}
		var o Opened
		err := o.scan(s.db.QueryRow(ctx, shotOf+"m.id = ? AND u.village_id = ? AND u.ended_at = 0 ORDER BY u.id LIMIT 1", list[i].ref, village))
		if noRows(err) { // not shown with anything yet, or no more
			continue
		}
		if err != nil {
			return fmt.Errorf("picture of review: %w", err)
		}
		shot := Shot{ID: o.use, Part: o.Part, Role: o.Role, State: o.stateFor(v), Width: o.width, Height: o.height, Hash: o.Hash, At: o.at}
		if shot.State == Shown {
			shot.URL = s.link(o.use, v.User, until)
			shot.Small = shot.URL + "?small=true"
		}
		list[i].Photo = &shot
	}
	return nil
}

// Judge ends a review: what is accepted is shown like anything that passed, what is refused like anything risky. Nobody judges
// what they have sent.
func (s *Service) Judge(ctx context.Context, by Sender, review id.ID, r JudgeRequest) (Judged, error) {
	out := Judged{ID: review, Accepted: r.Accept}
	verdict := wechat.Risky
	if r.Accept {
		verdict = wechat.Pass
	}
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if _, out.Repeated, err = tx.Once(by.User, r.RequestID, "media.judge", []any{by.Village, review, r.Accept}, review); err != nil || out.Repeated {
			return err
		}
		n, err := tx.Exec("UPDATE content_checks SET verdict = ?, judged_by = ?, checked_at = ?, text = '' WHERE id = ? AND village_id = ? AND verdict = 'review' AND user_id <> ?",
			string(verdict), by.User, clock.Ms(s.now()), review, by.Village, by.User)
		if err != nil {
			return fmt.Errorf("judge: %w", err)
		}
		if n > 0 {
			return nil
		}
		var own int
		if err := tx.QueryRow("SELECT COUNT(*) FROM content_checks WHERE id = ? AND village_id = ? AND verdict = 'review'", review, by.Village).Scan(&own); err != nil {
			return err
		}
		if own > 0 {
			return ErrOwnReview
		}
		return ErrNoReview
	})
	return out, err
}

// Verdicts are what the content check has said of texts of a kind; nothing of a text that was never asked about. For features
// whose rule of who reads what waits is their own.
func (s *Service) Verdicts(ctx context.Context, kind string, refs ...id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	if len(refs) == 0 {
		return out, nil
	}
	padded := storage.Padded(refs)
	rows, err := s.db.Query(ctx, "SELECT ref_id, verdict FROM content_checks WHERE kind = ? AND ref_id IN "+storage.In(len(padded)), storage.Args(padded, kind)...)
	if err != nil {
		return nil, fmt.Errorf("read checks: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var ref id.ID
		var verdict string
		if err := rows.Scan(&ref, &verdict); err != nil {
			return nil, err
		}
		out[ref] = verdict
	}
	return out, rows.Err()
}
