package media

import (
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"hefen/internal/id"
)

// LinkPath is the address under which links are opened; httpapi serves it.
const LinkPath = "/api/photos/"

// A link works for one to two linkSteps: it ends at a full step, so that a page loaded twice has the same addresses.
const (
	linkStep = 10 * time.Minute
	linkMAC  = 16 // bytes
	linkSize = 8 + 8 + 4 + linkMAC
)

func (s *Service) linkEnd() int64 {
	return s.now().Add(linkStep).Truncate(linkStep).Add(linkStep).Unix()
}

// link is the address of a use for one user until a time: use, user, end and the MAC over them, under the key file's key.
func (s *Service) link(use, user id.ID, until int64) string {
	b := make([]byte, linkSize-linkMAC, linkSize)
	binary.BigEndian.PutUint64(b, uint64(use))
	binary.BigEndian.PutUint64(b[8:], uint64(user))
	binary.BigEndian.PutUint32(b[16:], uint32(until))
	return LinkPath + base64.RawURLEncoding.EncodeToString(append(b, s.mac(b)...))
}

func (s *Service) mac(b []byte) []byte {
	return s.db.Keys.Index("photo-link", hex.EncodeToString(b))[:linkMAC]
}

func (s *Service) readLink(text string) (use, user id.ID, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != linkSize {
		return 0, 0, ErrNoPhoto
	}
	said := b[:linkSize-linkMAC]
	if subtle.ConstantTimeCompare(s.mac(said), b[linkSize-linkMAC:]) != 1 {
		return 0, 0, ErrNoPhoto
	}
	if s.now().Unix() >= int64(binary.BigEndian.Uint32(said[16:])) {
		return 0, 0, ErrNoPhoto
	}
	return id.ID(binary.BigEndian.Uint64(said)), id.ID(binary.BigEndian.Uint64(said[8:])), nil
}

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
