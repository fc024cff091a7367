package storage

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// keysFile is the JSON form of the keys file. Keys are base64 of 32 bytes.
type keysFile struct {
	Current uint32    `json:"current"`
	Keys    []keyLine `json:"keys"`
	Index   []byte    `json:"index"`
}

type keyLine struct {
	ID     uint32 `json:"id"`
	Key    []byte `json:"key"`
	MadeAt string `json:"made_at"` // RFC 3339, for people
}

// LoadKeyring reads a keys file. It returns fs.ErrNotExist when there is none, ErrKeysMode when others than the owner
// may read or anyone may execute it, ErrKeysInvalid when its content is wrong.
func LoadKeyring(path string) (*Keyring, error) {
	set, err := readKeys(path)
	if err != nil {
		return nil, fmt.Errorf("keys %s: %w", path, err)
	}
	k := &Keyring{path: path}
	k.now.Store(set)
	return k, nil
}

// CreateKeyring writes a keys file with a first sealing key and an index key and loads it. A file that is already there
// is never touched: fs.ErrExist. The file must be kept apart from the backups of the database; without it
// what was sealed cannot be read by anyone.
func CreateKeyring(path string) (*Keyring, error) {
	f := keysFile{Current: 1, Keys: []keyLine{newKey(1)}, Index: randomKey()}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := writeKeys(path, f, os.Link); err != nil {
		return nil, fmt.Errorf("create keys %s: %w", path, err)
	}
	return LoadKeyring(path)
}

// LoadOrCreateKeyring loads the keys file and makes it when there is none; of several starters one makes it and the
// others load it.
func LoadOrCreateKeyring(path string) (*Keyring, error) {
	k, err := LoadKeyring(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k, err = CreateKeyring(path)
	if errors.Is(err, fs.ErrExist) {
		return LoadKeyring(path)
	}
	return k, err
}

// MemoryKeyring is a keyring of new keys without a file, for tests: what it sealed is lost with it.
func MemoryKeyring() *Keyring {
	set, err := keysFile{Current: 1, Keys: []keyLine{newKey(1)}, Index: randomKey()}.keySet()
	if err != nil {
		panic(err) // fresh keys are valid
	}
	k := &Keyring{}
	k.now.Store(set)
	return k
}

// Rotate adds a new sealing key to the file and makes it the current one; older keys stay and go on opening what they
// sealed. Only one process may rotate at a time: the second gets fs.ErrExist.
func (k *Keyring) Rotate() (key uint32, err error) {
	lock := k.path + ".lock"
	l, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("keys are being rotated (or a rotation broke off: remove %s): %w", lock, err)
	}
	defer os.Remove(lock)
	defer l.Close()
	set, err := readKeys(k.path)
	if err != nil {
		return 0, fmt.Errorf("keys %s: %w", k.path, err)
	}
	f := set.file
	for _, line := range f.Keys {
		key = max(key, line.ID)
	}
	key++
	f.Keys = append(f.Keys[:len(f.Keys):len(f.Keys)], newKey(key))
	f.Current = key
	if err := writeKeys(k.path, f, os.Rename); err != nil {
		return 0, fmt.Errorf("write keys: %w", err)
	}
	if set, err = readKeys(k.path); err != nil {
		return 0, err
	}
	k.now.Store(set)
	return key, nil
}

func newKey(n uint32) keyLine {
	return keyLine{ID: n, Key: randomKey(), MadeAt: time.Now().UTC().Format(time.RFC3339)}
}

func randomKey() []byte {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // never fails: the runtime aborts when the system has no randomness
	return b
}

// writeKeys writes a temporary file beside path, flushes it and puts it in place by os.Link (only if there is none yet)
// or os.Rename, so that a crash leaves either the old file or the new one, never half of one.
func writeKeys(path string, f keysFile, place func(from, to string) error) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := place(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func readKeys(path string) (*keySet, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o177 != 0 {
		return nil, ErrKeysMode
	}
	var f keysFile
	if err := json.NewDecoder(file).Decode(&f); err != nil {
		return nil, ErrKeysInvalid // the decoder's text may quote key material
	}
	return f.keySet()
}

func (f keysFile) keySet() (set *keySet, err error) {
	set = &keySet{file: f, current: f.Current, seals: make(map[uint32]cipher.AEAD, len(f.Keys)), index: f.Index}
	for _, line := range f.Keys {
		if len(line.Key) != keySize || line.ID == 0 || set.seals[line.ID] != nil {
			return nil, fmt.Errorf("%w: key %d is not 32 bytes or stands twice", ErrKeysInvalid, line.ID)
		}
		if set.seals[line.ID], err = newAEAD(line.Key); err != nil {
			return nil, err
		}
	}
	if len(f.Index) != keySize || set.seals[f.Current] == nil {
		return nil, fmt.Errorf("%w: current key or index key is missing", ErrKeysInvalid)
	}
	return set, nil
}
