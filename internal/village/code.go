package village

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"hefen/internal/clock"
	"hefen/internal/errs"
	"hefen/internal/id"
	"hefen/internal/storage"
)

// A household code is CodePrefix and 128 random bits. Only HMACs of it are stored, so that neither the database nor a
// backup lets anyone print somebody's code. A card's QR code holds it as an address, CardPath behind the server's own.
const (
	CodePrefix = "HF1-"
	CardPath   = "/k/"
	codeBytes  = 16
)

var codeForm = regexp.MustCompile(`^(?:https?://[^\s?#]{1,200}` + CardPath + `)?(HF1-[A-Za-z0-9_-]{22})$`)

// CardToken takes the code out of what a scanner or a person gives: the bare code or the address on a card. It is empty
// when there is none.
func CardToken(text string) string {
	m := codeForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return ""
	}
	return m[1]
}

// LeaseIndex is what a device without signal compares cards by, before it is mixed with the key of its lease: an HMAC of a
// fixed text under the code. It can be computed from the card alone and tells nothing without it.
func LeaseIndex(code string) []byte {
	m := hmac.New(sha256.New, []byte(code))
	m.Write([]byte("hefen-lease"))
	return m.Sum(nil)
}

var (
	ErrCodeDead      = errs.New(errs.Conflict, "village_code_dead", "这张户码已经作废（换过新码）。请用新的户码，或按户号、姓名查找。")
	ErrCodesReplaced = errs.New(errs.Conflict, "village_codes_replaced", "这次换发的户码里有的已经又换过新码，不能再显示。请为这些户重新换发。")
	ErrCodeUnknown   = errs.New(errs.NotFound, "village_code_unknown", "这个码不是本村的。请核对，或按户号、姓名查找。")
)

// Code is a household code just made: the only moment at which it can be read.
type Code struct {
	Household id.ID  `json:"household_id"`
	Number    string `json:"number"`
	Name      string `json:"name"`
	Code      string `json:"code" doc:"the code itself, which the card's QR code holds as an address; shown only now, it cannot be read again"`
}

// ReplaceCodes gives each household a new code; the old ones are dead at once. It returns ErrNoHousehold when one is
// missing or foreign, and then replaces none. The repeat of a request whose answer was lost gets the same codes again, as
// long as they have not been replaced: ErrCodesReplaced.
func (s *Service) ReplaceCodes(ctx context.Context, w Write, households []id.ID) (codes []Code, repeated bool, err error) {
	if len(households) == 0 || len(households) > 500 {
		return nil, false, ErrInvalid.WithFields(errs.Field{Path: "households", Msg: "一次可换1到500户的码"})
	}
	seen := map[id.ID]bool{}
	for i, h := range households {
		if seen[h] {
			return nil, false, ErrInvalid.WithFields(errs.Field{Path: fmt.Sprintf("households[%d]", i), Msg: "同一户写了两次，请去掉一次"})
		}
		seen[h] = true
	}
	_, repeated, err = s.write(ctx, w, "village.codes", households, s.db.NewID(), func(tx *storage.Tx) error {
		codes = nil
		for _, h := range households {
			c := Code{Household: h, Code: s.newCode(w, h)}
			err := tx.QueryRow(`SELECT number, name FROM households WHERE id = ? AND village_id = ? AND to_day = ?`, h, w.Village, clock.Forever).Scan(&c.Number, &c.Name)
			if errors.Is(err, sql.ErrNoRows) {
				return ErrNoHousehold
			}
			if err != nil {
				return err
			}
			if err := s.killCodes(tx, h); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO household_codes (id, village_id, household_id, token_idx, lease_idx, made_at, made_by, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0)`,
				tx.NewID(), w.Village, h, s.db.Keys.Index(storage.IndexCode, c.Code), LeaseIndex(c.Code), clock.Ms(s.now()), w.By); err != nil {
				return err
			}
			codes = append(codes, c)
		}
		return nil
	})
	if err != nil || !repeated {
		return codes, false, err
	}
	codes, err = s.codesAgain(ctx, w, households)
	return codes, true, err
}

// codesAgain makes the codes of an earlier request again, to be printed now.
func (s *Service) codesAgain(ctx context.Context, w Write, households []id.ID) ([]Code, error) {
	codes := make([]Code, len(households))
	for i, h := range households {
		c := Code{Household: h, Code: s.newCode(w, h)}
		err := s.db.QueryRow(ctx, `SELECT h.number, h.name FROM household_codes c JOIN households h ON h.id = c.household_id
			WHERE c.token_idx = ? AND c.household_id = ? AND c.village_id = ? AND c.ended_at = 0`,
			s.db.Keys.Index(storage.IndexCode, c.Code), h, w.Village).Scan(&c.Number, &c.Name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrCodesReplaced
		}
		if err != nil {
			return nil, err
		}
		codes[i] = c
	}
	return codes, nil
}

func (s *Service) killCodes(tx *storage.Tx, household id.ID) error {
	_, err := tx.Exec(`UPDATE household_codes SET ended_at = ? WHERE household_id = ? AND ended_at = 0`, clock.Ms(s.now()), household)
	return err
}

// newCode is random for a command. For a client's request it follows from the request and the index key, so that a repeat
// can be answered without the code being stored: without the keys, which lie apart from the database, nobody can make it.
func (s *Service) newCode(w Write, household id.ID) string {
	b := make([]byte, codeBytes)
	_, _ = rand.Read(b) // never fails: the runtime aborts when the system has no randomness
	if w.RequestID != "" {
		copy(b, s.db.Keys.Index("new-code", fmt.Sprintf("%d %s %d", w.By, w.RequestID, household)))
	}
	return CodePrefix + base64.RawURLEncoding.EncodeToString(b)
}

// HouseholdByCode finds the household of a code in whichever village it is. It returns ErrCodeUnknown or ErrCodeDead.
func (s *Service) HouseholdByCode(ctx context.Context, code string) (village, household id.ID, err error) {
	if code = CardToken(code); code == "" {
		return 0, 0, ErrCodeUnknown
	}
	var ended int64
	err = s.db.QueryRow(ctx, `SELECT c.village_id, c.household_id, c.ended_at FROM household_codes c WHERE c.token_idx = ?`,
		s.db.Keys.Index(storage.IndexCode, code)).Scan(&village, &household, &ended)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, 0, ErrCodeUnknown
	case err != nil:
		return 0, 0, err
	case ended != 0:
		return 0, 0, ErrCodeDead
	}
	return village, household, nil
}
