package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"hefen/internal/id"
)

// Kinds of blind index. Values are brought into one form before they are hashed, so that +86 139-0000-0000 and
// 13900000000 meet.
const (
	IndexPhone = "phone" // a mobile or landline number
	IndexIDNo  = "idno"  // an identity card number
	IndexCode  = "code"  // the secret of a household code
)

// Errors of the keyring. None of their texts ever holds what was to be sealed or opened.
var (
	ErrKeysMode    = errors.New("keys file must be readable by its owner only (chmod 600)")
	ErrKeysInvalid = errors.New("keys file is not valid")
	ErrUnknownKey  = errors.New("sealed with a key that is not in the keys file")
	ErrTampered    = errors.New("sealed value does not belong to this row or was changed")
)

// sealVersion opens every sealed value, so that another way of sealing can be told apart later.
const sealVersion = 1

const (
	keySize    = 32 // AES-256 and HMAC-SHA256
	nonceSize  = 12
	sealHeader = 1 + 4 + nonceSize
)

// Keyring seals personal fields with AES-256-GCM and makes blind indexes of them. It holds several sealing keys, of
// which the newest seals and all open, and one index key that never changes. Safe for concurrent use. When a value was
// sealed with a key it does not know it reads its file again, so a server goes on while another process rotates.
type Keyring struct {
	path string
	now  atomic.Pointer[keySet]
}

// keySet is one reading of the keys file; it is never changed.
type keySet struct {
	file    keysFile
	current uint32
	seals   map[uint32]cipher.AEAD
	index   []byte
}

// Seal encrypts plain for one row: version byte, key id (4 bytes), nonce (12 bytes), ciphertext with tag. The table,
// column and row are bound to it, so that a value copied to another row does not open. An empty text stays empty.
func (k *Keyring) Seal(table, column string, row id.ID, plain string) ([]byte, error) {
	if plain == "" {
		return []byte{}, nil
	}
	s := k.now.Load()
	out := make([]byte, sealHeader, sealHeader+len(plain)+16)
	out[0] = sealVersion
	binary.BigEndian.PutUint32(out[1:5], s.current)
	if _, err := rand.Read(out[5:sealHeader]); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return s.seals[s.current].Seal(out, out[5:sealHeader], []byte(plain), boundTo(table, column, row)), nil
}

// Open is the reverse of Seal. It returns ErrUnknownKey or ErrTampered.
func (k *Keyring) Open(table, column string, row id.ID, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	key, err := sealedWith(sealed)
	if err != nil {
		return "", err
	}
	aead := k.now.Load().seals[key]
	if aead == nil && k.path != "" {
		fresh, err := readKeys(k.path)
		if err != nil {
			return "", fmt.Errorf("keys read again: %w", err)
		}
		k.now.Store(fresh)
		aead = fresh.seals[key]
	}
	if aead == nil {
		return "", ErrUnknownKey
	}
	plain, err := aead.Open(nil, sealed[5:sealHeader], sealed[sealHeader:], boundTo(table, column, row))
	if err != nil {
		return "", ErrTampered
	}
	return string(plain), nil
}

// Stale reports whether a sealed value was made with a key other than the current one.
func (k *Keyring) Stale(sealed []byte) bool {
	if len(sealed) == 0 {
		return false
	}
	key, err := sealedWith(sealed)
	return err == nil && key != k.now.Load().current
}

// Index is the blind index of a value: 32 bytes that are equal for equal values of a kind and tell nothing else
// without the index key. The index of an empty text is empty; look-ups must not ask for it.
func (k *Keyring) Index(kind, plain string) []byte {
	plain = normal(kind, plain)
	if plain == "" {
		return []byte{}
	}
	m := hmac.New(sha256.New, k.now.Load().index)
	m.Write([]byte(kind))
	m.Write([]byte{0})
	m.Write([]byte(plain))
	return m.Sum(nil)
}

func boundTo(table, column string, row id.ID) []byte {
	return []byte(table + "|" + column + "|" + row.String())
}

func sealedWith(sealed []byte) (uint32, error) {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return 0, ErrTampered
	}
	return binary.BigEndian.Uint32(sealed[1:5]), nil
}

// normal brings a value of a kind into the one form that is hashed.
func normal(kind, plain string) string {
	plain = strings.TrimSpace(plain)
	switch kind {
	case IndexPhone:
		plain = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == '+' {
				return r
			}
			return -1
		}, plain)
		plain = strings.TrimPrefix(plain, "+")
		plain = strings.TrimPrefix(plain, "00")
		if len(plain) == 13 {
			plain = strings.TrimPrefix(plain, "86")
		}
	case IndexIDNo:
		plain = strings.ToUpper(plain)
	}
	return plain
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
