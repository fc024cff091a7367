package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hefen/internal/config"
	"hefen/internal/storage"
	"hefen/internal/village"
)

// The first administrator is appointed by phone number, and the number is sealed anew when the keys are rotated.
func TestRoleAndKeysCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "hefen.yaml")
	if err := os.WriteFile(file, []byte("data_dir: "+dir+"\ndemo: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	county, err := p.village.CreateCounty(t.Context(), village.NewRegion{Code: "C1", Name: "县"})
	if err != nil {
		t.Fatal(err)
	}
	user, err := p.access.AddUser(t.Context(), "first", "王主任", "13900001111")
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(db *storage.DB) (b []byte) {
		t.Helper()
		if err := db.QueryRow(t.Context(), "SELECT phone_enc FROM users WHERE id = ?", user).Scan(&b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := sealed(p.db)
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		cmd := root()
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SetArgs(append(args, "--config", file))
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if out, err := run("role", "grant", "--role", "county_admin", "--at", county.ID.String(), "--phone", "139 0000 1111"); err != nil || !strings.Contains(out, "县级管理员") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run("role", "grant", "--role", "county_admin", "--at", county.ID.String(), "--phone", "13900002222"); err == nil || strings.Contains(err.Error(), "13900002222") {
		t.Errorf("unknown phone: %s, %v", out, err)
	}
	if out, err := run("keys", "rotate"); err != nil || !strings.Contains(out, "1 numbers sealed anew") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run("keys", "rotate", "--reseal-only"); err != nil || !strings.Contains(out, "0 numbers sealed anew") {
		t.Errorf("%s, %v", out, err)
	}
	if p, err = open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if bytes.Equal(before, sealed(p.db)) {
		t.Error("the number is still under the old key")
	}
	me, err := p.access.ActAs(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	if view, err := p.access.Me(t.Context(), me); err != nil || view.Phone != "139****1111" || len(view.Roles) != 1 {
		t.Errorf("%+v, %v", view, err)
	}
}
