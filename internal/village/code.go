package village

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
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
	ErrCodeDead    = errs.New(errs.Conflict, "village_code_dead", "这张户码已经作废（换过新码）。请用新的户码，或按户编号、姓名查找。")
	ErrCodeUnknown = errs.New(errs.NotFound, "village_code_unknown", "这不是本村的户码。请核对，或按户编号、姓名查找。")
)

// Code is a household code just made: the only moment at which it can be read.
type Code struct {
	Household id.ID  `json:"household_id"`
	Number    string `json:"number"`
	Name      string `json:"name"`
	Code      string `json:"code" doc:"the code itself, which the card's QR code holds as an address; shown only now, it cannot be read again"`
}

// ReplaceCodes gives each household a new code; the old ones are dead at once. It returns ErrNoHousehold when one is
// missing or foreign, and then replaces none.
func (s *Service) ReplaceCodes(ctx context.Context, village, by id.ID, households []id.ID) ([]Code, error) {
	if len(households) == 0 || len(households) > 500 {
		return nil, ErrInvalid.WithFields(errs.Field{Path: "households", Msg: "一次可换1到500户的码"})
	}
	var codes []Code
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.Lock(tx, village); err != nil {
			return err
		}
		codes = nil
		for _, h := range households {
			c := Code{Household: h, Code: newCode()}
			err := tx.QueryRow(`SELECT number, name FROM households WHERE id = ? AND village_id = ? AND to_day = ?`, h, village, clock.Forever).Scan(&c.Number, &c.Name)
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
				tx.NewID(), village, h, s.db.Keys.Index(storage.IndexCode, c.Code), LeaseIndex(c.Code), clock.Ms(s.now()), by); err != nil {
				return err
			}
			codes = append(codes, c)
		}
		return nil
	})
	return codes, err
}

func (s *Service) killCodes(tx *storage.Tx, household id.ID) error {
	_, err := tx.Exec(`UPDATE household_codes SET ended_at = ? WHERE household_id = ? AND ended_at = 0`, clock.Ms(s.now()), household)
	return err
}

func newCode() string {
	b := make([]byte, codeBytes)
	_, _ = rand.Read(b) // never fails: the runtime aborts when the system has no randomness
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
