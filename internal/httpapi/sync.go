package httpapi

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/cases"
	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/media"
	"hefen/internal/points"
	"hefen/internal/storage"
)

// Limits of one call.
const (
	maxSyncDrafts = 50
	maxSyncBytes  = 512 << 10
	syncReserve   = 5 * time.Second // what is not begun by then before the call's end is for the next one
)

// maySync: whoever may do one of the things that a draft can say; each is checked by its own feature.
var maySync = access.Need{Roles: access.Everyone, Scope: access.Village}

var (
	errDraftKind = errs.New(errs.Invalid, "sync_kind", "这条草稿缺少内容，请更新小程序后重新填写")
	errDraftTime = errs.New(errs.Invalid, "sync_made_at", "手机的时间不对，请校准手机时间后再试")
	errDraftOf   = errs.New(errs.Conflict, "sync_earlier_missing", "它所属的那一条还没有登记成功，请先处理那一条")
	errDraftWait = errs.New(errs.Unavailable, "sync_later", "这次没有轮到，手机会接着送")
)

func (s *Server) registerSync(a *api) {
	o := post("/villages/{village}/sync", "sync-drafts", "送出没有信号时记下的草稿：逐条办理、逐条答复，重复送不会办两次").withBody(maxSyncBytes).formerToo()
	o.Doc = "照片先按指纹上传（photos/uploads）。每条草稿各自成败：done 已办，repeated 以前已办，waiting_photo 缺照片（missing 列出指纹），conflict 办不了并说明原因，" +
		"later 这次没有办（服务器忙，或者它前面的一条还没有办），原样再送。没有写日期的草稿，按手机记下它的时间、校正手机时钟的偏差后算哪一天。"
	register(a, o, maySync, s.sync)
	register(a, get("/villages/{village}/fieldbook", "get-fieldbook", "随身名册：没有信号时登记要用的户名单，组长只有本组").tagged("sync"), cases.MayRecord, s.fieldBook)
}

// Kinds of drafts. Each calls the function that the pages call when there is a signal.
const (
	draftRecord       = "record"
	draftEvidence     = "evidence"
	draftCloseFault   = "close_fault"
	draftRepair       = "repair"
	draftRecheck      = "recheck"
	draftWithdraw     = "withdraw"
	draftInspect      = "inspect"
	draftLines        = "lines"
	draftLineEvidence = "line_evidence"
	draftSubmit       = "submit_inspection"
	draftCheckIn      = "check_in"
	draftClaim        = "claim"
	draftReport       = "report"
	draftApprove      = "approve"
	draftReject       = "reject"
	draftVote         = "vote"
	draftObject       = "object"
	draftSettle       = "settle"
	draftFinding      = "finding"
	draftTelling      = "telling"
)

// syncDraft is one thing done without signal. Of its contents the kind says which is read.
type syncDraft struct {
	RequestID string  `json:"request_id" minLength:"16" maxLength:"64" doc:"made with the draft and kept until a definite answer"`
	Kind      string  `json:"kind" enum:"record,evidence,close_fault,repair,recheck,withdraw,inspect,lines,line_evidence,submit_inspection,check_in,claim,report,approve,reject,vote,object,settle,finding,telling"`
	MadeAt    int64   `json:"made_at" minimum:"0" doc:"when it was made by the device's clock, milliseconds since 1970 UTC"`
	Target    id.ID   `json:"target,omitempty" doc:"the case, inspection, event, objection or sample that it is about"`
	Of        string  `json:"of,omitempty" maxLength:"64" doc:"instead of the target: request_id of the draft that makes it"`
	Evidence  []proof `json:"evidence,omitempty" maxItems:"9" doc:"evidence, line_evidence, close_fault, repair"`
	Household id.ID   `json:"household,omitempty" doc:"line_evidence: the household that the photos are of; claim, report: whose member tells it"`
	Why       string  `json:"why,omitempty" maxLength:"200" doc:"close_fault, repair, recheck, withdraw, approve, reject"`
	Number    string  `json:"number,omitempty" maxLength:"20" doc:"report: the number of the household, where it could not be looked up; instead of the claim's subject"`
	Who       string  `json:"who,omitempty" maxLength:"60" doc:"report with a number: the name of the person who did it, where persons are scored"`
	Line      int     `json:"line,omitempty" minimum:"0" maximum:"50" doc:"finding: the line of the sample"`

	Record     *cases.Request           `json:"record,omitempty" doc:"record; without a day of its own it happened on the day of made_at"`
	Inspection *cases.InspectionRequest `json:"inspection,omitempty" doc:"inspect"`
	Lines      []cases.LineInput        `json:"lines,omitempty" maxItems:"500" doc:"lines"`
	Claim      *cases.Claim             `json:"claim,omitempty" doc:"claim, report; without a day of its own it happened on the day of made_at"`
	CheckIn    *activity.CheckInRequest `json:"check_in,omitempty" doc:"check_in: the code scanned at made_at; the target is the event"`
	Correct    *cases.Content           `json:"correct,omitempty" doc:"approve: what counts instead of what was claimed; why says why"`
	Vote       *cases.VoteRequest       `json:"vote,omitempty" doc:"vote"`
	Objection  *cases.ObjectRequest     `json:"objection,omitempty" doc:"object: what somebody without a phone says against the target"`
	Settle     *cases.SettleRequest     `json:"settle,omitempty" doc:"settle: the answer to the target, an objection"`
	Finding    *cases.FindingRequest    `json:"finding,omitempty" doc:"finding: what was found of a line of the target, a sample"`
	Telling    *cases.TellRequest       `json:"telling,omitempty" doc:"telling: who of a household was told of which deductions"`
}

type proof = cases.Evidence

// syncAnswer says what became of one draft.
type syncAnswer struct {
	RequestID string        `json:"request_id"`
	State     string        `json:"state" enum:"done,repeated,waiting_photo,conflict,later"`
	Missing   []string      `json:"missing,omitempty" doc:"waiting_photo: hashes of the photos that have not come"`
	Code      string        `json:"code,omitempty" doc:"conflict, later: the error's code"`
	Reason    string        `json:"reason,omitempty" doc:"conflict, later: what is wrong and what to do"`
	Fields    []errs.Field  `json:"fields,omitempty"`
	Made      id.ID         `json:"made,omitempty" doc:"done, repeated: the batch of cases or the inspection"`
	Day       clock.Day     `json:"day,omitempty" doc:"record, claim, report: the day of the deed as it was reckoned"`
	Cases     int           `json:"cases,omitempty" doc:"record: how many"`
	Waits     bool          `json:"waits,omitempty" doc:"it waits for another person, a vote for those of others"`
	Points    points.Amount `json:"points,omitempty" doc:"record: what counts, of all its cases together"`
	Stale     []id.ID       `json:"stale,omitempty" doc:"lines: households whose stored line is newer"`
	Skipped   []id.ID       `json:"skipped,omitempty" doc:"lines of an inspection begun without signal: households that are not on its list, the own ones"`
}

const (
	syncDone     = "done"
	syncRepeated = "repeated"
	syncPhoto    = "waiting_photo"
	syncConflict = "conflict"
	syncLater    = "later"
)

type syncInput struct {
	InVillage
	Body struct {
		DeviceNow int64       `json:"device_now" minimum:"0" doc:"the device's clock as it sends, milliseconds since 1970 UTC"`
		Drafts    []syncDraft `json:"drafts" minItems:"1" maxItems:"50" doc:"in the order in which they were made"`
	}
}

type syncList struct {
	Drafts     []syncAnswer `json:"drafts" doc:"one answer for each draft, in the same order"`
	ServerNow  int64        `json:"server_now" doc:"milliseconds since 1970 UTC"`
	ClockAhead int64        `json:"clock_ahead" doc:"by how many milliseconds the device's clock is ahead"`
}

// syncing is one call: what is the same for its drafts, and what came of those before.
type syncing struct {
	*Server
	by      access.Actor
	village id.ID
	ahead   int64                // milliseconds by which the device's clock is ahead
	days    map[string]clock.Day // of drafts without a day of their own
	missing map[string]bool      // hashes of photos that have not come
	state   map[string]string    // of the drafts so far, by request id
}

// sync carries out drafts one by one, each in a transaction of its own, and answers each.
func (s *Server) sync(ctx context.Context, by access.Actor, in *syncInput) (syncList, error) {
	now := s.Now()
	out := syncList{ServerNow: clock.Ms(now), ClockAhead: in.Body.DeviceNow - clock.Ms(now)}
	c := &syncing{Server: s, by: by, village: in.Village.ID, ahead: out.ClockAhead, state: map[string]string{}}
	if err := c.prepare(ctx, in.Body.Drafts, out.ClockAhead); err != nil {
		return out, err
	}
	for i := range in.Body.Drafts {
		d := &in.Body.Drafts[i]
		a := c.answer(ctx, d)
		a.RequestID = d.RequestID
		c.state[d.RequestID] = a.State
		out.Drafts = append(out.Drafts, a)
	}
	return out, nil
}

// prepare dates the deeds that have no day of their own and looks which photos have come, for all drafts at once.
func (c *syncing) prepare(ctx context.Context, drafts []syncDraft, ahead int64) (err error) {
	days := map[string]clock.Day{}
	var hashes []string
	for i := range drafts {
		d := &drafts[i]
		if d.undated() {
			days[d.RequestID] = clock.DayOf(clock.FromMs(d.MadeAt - ahead))
		}
		hashes = append(hashes, d.photos()...)
	}
	if c.days, err = c.DB.Dated(ctx, c.by.User(), days); err != nil {
		return err
	}
	missing, err := c.Media.Missing(ctx, media.Sender{Village: c.village, User: c.by.User()}, hashes)
	if err != nil {
		return err
	}
	c.missing = make(map[string]bool, len(missing))
	for _, h := range missing {
		c.missing[h] = true
	}
	return nil
}

// undated reports whether the day of the deed is that of the device's clock.
func (d *syncDraft) undated() bool {
	return d.Kind == draftRecord && d.Record != nil && d.Record.OccurredOn == 0 ||
		(d.Kind == draftClaim || d.Kind == draftReport) && d.Claim != nil && d.Claim.OccurredOn == 0 ||
		d.Kind == draftInspect && d.Inspection != nil && d.Inspection.OccurredOn == 0
}

// photos are the hashes that a draft names.
func (d *syncDraft) photos() []string {
	all := d.Evidence
	if d.Record != nil {
		all = d.Record.Evidence
	}
	if d.Claim != nil {
		all = append(slices.Clone(all), d.Claim.Evidence...)
	}
	var hashes []string
	if d.CheckIn != nil && d.CheckIn.Photo != nil {
		all = append(slices.Clone(all), proof{Ref: *d.CheckIn.Photo})
	}
	for _, e := range all {
		if raw, err := hex.DecodeString(e.SHA256); err == nil && len(raw) == 32 {
			hashes = append(hashes, e.SHA256)
		}
	}
	return hashes
}

// answer carries one draft out, if its turn has come and its photos are there.
func (c *syncing) answer(ctx context.Context, d *syncDraft) syncAnswer {
	if end, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(end) < syncReserve {
		return refusedAs(syncLater, errDraftWait)
	}
	var a syncAnswer
	for _, h := range d.photos() {
		if c.missing[h] && !slices.Contains(a.Missing, h) {
			a.State, a.Missing = syncPhoto, append(a.Missing, h)
		}
	}
	if a.State == syncPhoto {
		return a
	}
	err := c.resolve(ctx, d)
	if err == nil {
		a, err = c.carryOut(ctx, d)
	}
	if err != nil {
		return c.refusal(ctx, d, err)
	}
	return a
}

// resolve finds the case or inspection that an earlier draft has made. Until it has, the draft waits or, if that was refused,
// is refused with it.
func (c *syncing) resolve(ctx context.Context, d *syncDraft) error {
	if d.Of == "" || d.Target != 0 {
		return nil
	}
	made, found, err := c.DB.Made(ctx, c.by.User(), d.Of)
	if err != nil {
		return err
	}
	if !found {
		if state, here := c.state[d.Of]; here && state != syncConflict {
			return errDraftWait
		}
		return errDraftOf
	}
	d.Target = made
	return nil
}

// refusal tells what the device must show a person from what it must send again unchanged. A feature may refuse what it has
// carried out before, because the thing has moved on since, an inspection been submitted: that was done all the same.
func (c *syncing) refusal(ctx context.Context, d *syncDraft, err error) syncAnswer {
	e := c.refuse(ctx, err) // logs what is ours to mend
	state := syncConflict
	if k := errs.KindOf(err); e.status >= 500 || k == errs.TooMany || k == errs.Unauthenticated {
		state = syncLater
	} else if !errors.Is(err, storage.ErrRequestReused) {
		made, found, err := c.DB.Made(ctx, c.by.User(), d.RequestID)
		if err == nil && found {
			return carriedOutAs(made, true)
		}
		if err != nil {
			state = syncLater
		}
	}
	return syncAnswer{State: state, Code: e.Fault.Code, Reason: e.Fault.Msg, Fields: e.Fault.Fields}
}

func refusedAs(state string, e *errs.Error) syncAnswer {
	return syncAnswer{State: state, Code: e.Code, Reason: e.Msg}
}

func carriedOutAs(made id.ID, repeated bool) syncAnswer {
	a := syncAnswer{State: syncDone, Made: made}
	if repeated {
		a.State = syncRepeated
	}
	return a
}
