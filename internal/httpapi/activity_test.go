package httpapi

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"hefen/internal/access"
	"hefen/internal/activity"
	"hefen/internal/clock"
	"hefen/internal/config"
	"hefen/internal/media"
	"hefen/internal/notify"
	"hefen/internal/stepcode"
	"hefen/internal/storage"
	"hefen/internal/storage/dbtest"
	"hefen/internal/voice"
	"hefen/internal/wechat"
)

// A villager scans a code without signal, is accepted and gets points; finds them among the messages; complains and is answered.
func TestActivityVoiceAndMessagesOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newCasesWorld(t, db, "linyuan.yaml", func(s *Server, a *api) {
			s.Activity = activity.New(s.DB, s.Now, s.Cases, s.Book, s.Village, s.Media, s.Access.Names)
			s.Voice = voice.New(s.DB, s.Now, s.Media, s.Access.Names, clock.Weekdays, 7)
			var err error
			if s.Notify, err = notify.New(s.DB, s.Now, s.Access, &wechat.Fake{}, config.Notify{ExpiringDays: 30}); err != nil {
				t.Fatal(err)
			}
			s.registerActivities(a)
			s.registerVoices(a)
			s.registerInbox(a)
			s.registerSync(a)
		})
		team, _ := w.user(db, "team", access.TeamMember, access.Place{Village: w.here.village})
		villager := w.villager()
		v, now := "/api/villages/"+w.here.village.String(), w.side.now()

		var event activity.Activity
		w.call(team, "POST", v+"/activities", fmt.Sprintf(`{"request_id":"$R","item":"qingsao","title":"清扫村道","place":"村口","starts_at":%d,"ends_at":%d,"announce":true}`,
			clock.Ms(now.Add(-time.Hour)), clock.Ms(now.Add(time.Hour))), 200, &event)
		one := v + "/activities/" + event.ID.String()
		var secret activity.Secret
		w.call(villager, "GET", one+"/code", "", 403, nil)
		w.call(team, "GET", one+"/code", "", 200, &secret)
		key, err := base64.StdEncoding.DecodeString(secret.Secret)
		if err != nil {
			t.Fatal(err)
		}
		scanned := now.Add(-30 * time.Minute)
		code := secret.Prefix + event.ID.String() + "-" + stepcode.At(key, stepcode.Step(scanned), secret.Digits)
		if refused := w.call(villager, "POST", one+"/checkins", `{"request_id":"$R","code":"`+code+`"}`, 409, nil); refused != "activity_code" {
			t.Errorf("an old code at the counter: %s", refused)
		}
		ahead := 5 * time.Minute // of the phone's clock
		var synced syncList
		draft := fmt.Sprintf(`{"request_id":"request-checkin-0001","kind":"check_in","made_at":%d,"target":%q,"check_in":{"request_id":"request-checkin-0001","code":%q}}`,
			clock.Ms(scanned.Add(ahead)), event.ID, code)
		for i, want := range []string{syncDone, syncRepeated} {
			w.call(villager, "POST", v+"/sync", fmt.Sprintf(`{"device_now":%d,"drafts":[%s]}`, clock.Ms(now.Add(ahead))+int64(i)*700, draft), 200, &synced)
			if got := synced.Drafts[0]; got.State != want || !got.Waits {
				t.Errorf("try %d: %+v", i, got)
			}
		}
		var list activity.Attendees
		w.call(team, "GET", one+"/attendees", "", 200, &list)
		w.call(team, "POST", one+"/attendees/mark", `{"request_id":"$R","attendees":["`+list.Items[0].ID.String()+`"]}`, 200, nil)
		w.call(team, "POST", one+"/close", `{}`, 200, &event)
		if event.State != activity.Closed || event.Recorded != 1 {
			t.Errorf("closed %+v", event)
		}

		var page notify.Page
		w.call(villager, "GET", "/api/me/messages", "", 200, &page)
		if len(page.Items) != 2 || page.Items[0].Amount != 500 || !strings.Contains(page.Items[0].Title, "加分") || page.Items[1].Title != "活动通知：清扫村道" || page.Unread != 2 {
			t.Errorf("messages %+v", page)
		}
		var count notify.Count
		w.call(villager, "POST", "/api/me/messages/read", `{"upto":"`+page.Items[0].ID.String()+`"}`, 200, &count)
		w.call(villager, "GET", "/api/me/messages/unread", "", 200, &count)
		if count.Unread != 0 {
			t.Errorf("%+v after all were read", count)
		}
		var subs notify.Subscriptions
		w.call(villager, "GET", "/api/me/subscriptions", "", 200, &subs)
		w.call(villager, "POST", "/api/me/subscriptions", `{"request_id":"$R","templates":["`+subs.Items[0].Template+`"]}`, 200, &subs)
		if subs.Items[0].Remaining != 1 {
			t.Errorf("%+v", subs)
		}

		var said voice.Voice
		w.call(villager, "POST", v+"/households/"+w.here.household.String()+"/voices", `{"request_id":"$R","kind":"complaint","text":"路灯坏了"}`, 200, &said)
		at := v + "/voices/" + said.ID.String()
		w.call(team, "POST", at+"/answer", `{"request_id":"$R","answer":"明天修"}`, 200, &said)
		w.call(villager, "POST", at+"/rate", `{"request_id":"$R","rating":3}`, 200, &said)
		if said.Rating != voice.Good || len(said.Steps) != 3 {
			t.Errorf("%+v", said)
		}
		var voices voice.Page
		w.call(team, "GET", v+"/voices?state=answered", "", 200, &voices)
		if len(voices.Items) != 1 || voices.Items[0].Name != "张三" {
			t.Errorf("%+v", voices)
		}
		var reviews media.Reviews
		w.call(team, "GET", v+"/content-reviews", "", 200, &reviews)
		w.call(villager, "GET", v+"/content-reviews", "", 403, nil)
		audit(t, db)
	})
}
