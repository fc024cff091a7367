package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

const example = "../../configs/hefen.example.yaml"

// The example shows every key, and its values are the defaults.
func TestExample(t *testing.T) {
	got, err := Load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	got.Redis.Cluster, got.Limits.TrustedProxies, got.Notify.Templates = nil, nil, nil // empty lists in the file
	if !reflect.DeepEqual(got, want) {
		t.Errorf("example\n %+v\ndefaults\n %+v", got, want)
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(example), yaml.Parser()); err != nil {
		t.Fatal(err)
	}
	for key := range known() {
		if !slices.Contains(k.Keys(), key) {
			t.Errorf("the example does not show %s", key)
		}
	}
}

func TestLoad(t *testing.T) {
	cases := []struct {
		name string
		yaml string
		env  []string
		want func(Config) bool
		err  string // part of the error; empty: no error
	}{
		{name: "defaults", want: func(c Config) bool {
			return c.Database.Path == filepath.Join("data", "hefen.db") && c.Listen == "127.0.0.1:8080" && filepath.IsAbs(c.Database.KeysFile)
		}},
		{name: "data_dir_moves_what_follows", yaml: "data_dir: /srv/hefen", want: func(c Config) bool {
			return c.Database.Path == "/srv/hefen/hefen.db" && c.Photos.Dir == "/srv/hefen/photos" && c.Database.KeysFile == "/srv/hefen/hefen.keys"
		}},
		{name: "env_of_a_nested_key_absent_from_the_file", yaml: "demo: false",
			env:  []string{"HEFEN_DATABASE_MAX_OPEN=7", "HEFEN_LIMITS_STOP_TIMEOUT=20s", "PATH=/bin"},
			want: func(c Config) bool { return c.Database.MaxOpen == 7 && c.Limits.StopTimeout == 20*time.Second }},
		{name: "env_wins_over_the_file", yaml: "log: {level: warn}", env: []string{"HEFEN_LOG_LEVEL=debug"},
			want: func(c Config) bool { return c.Log.Level == "debug" }},
		{name: "env_list", env: []string{"HEFEN_REDIS_CLUSTER=a:1,b:2"},
			want: func(c Config) bool { return slices.Equal(c.Redis.Cluster, []string{"a:1", "b:2"}) }},
		{name: "env_bool", env: []string{"HEFEN_DEMO=true"}, want: func(c Config) bool { return c.Demo }},
		{name: "env_value_with_equals", env: []string{"HEFEN_DATABASE_ENGINE=mysql", "HEFEN_DATABASE_DSN=u:p@tcp(h:1)/d?a=b"},
			want: func(c Config) bool { return c.Database.DSN == "u:p@tcp(h:1)/d?a=b" }},
		{name: "empty_section", yaml: "redis:\nlisten: 127.0.0.1:1", want: func(c Config) bool { return !c.Redis.On() && c.Redis.Prefix == "hefen:" }},
		{name: "test_variables_are_not_settings", env: []string{"HEFEN_TEST_MYSQL=x"}, want: func(Config) bool { return true }},
		{name: "unknown_key", yaml: "listne: x", err: "unknown key listne"},
		{name: "unknown_nested_key", yaml: "database: {pathh: x}", err: "unknown key database.pathh"},
		{name: "unknown_environment", env: []string{"HEFEN_LISTNE=x"}, err: "unknown environment variable HEFEN_LISTNE"},
		{name: "broken_yaml", yaml: "a: [", err: "not readable as YAML"},
		{name: "number_wanted", env: []string{"HEFEN_DATABASE_MAX_OPEN=many"}, err: "max_open"},
		{name: "listen_without_port", yaml: "listen: localhost", err: "listen:"},
		{name: "demo_on_a_public_address", yaml: "demo: true\nlisten: 0.0.0.0:8080", err: "demo: lets everybody in"},
		{name: "demo_on_all_addresses", yaml: "demo: true\nlisten: ':8080'", err: "demo: lets everybody in"},
		{name: "engine", yaml: "database: {engine: oracle}", err: `database.engine: "oracle"`},
		{name: "mysql_without_dsn", yaml: "database: {engine: mysql}", err: "database.dsn: is missing"},
		{name: "sqlite_with_dsn", yaml: "database: {dsn: x}", err: "database.dsn: is for engine mysql"},
		{name: "redis_address", yaml: "redis: {addr: nowhere}", err: "redis.addr"},
		{name: "redis_both", yaml: "redis: {addr: 'a:1', cluster: ['b:1']}", err: "redis.cluster"},
		{name: "secret", yaml: "wechat: {appid: wx1}", err: "wechat.secret"},
		{name: "photo_size", yaml: "photos: {max_bytes: 5}", err: "photos.max_bytes"},
		{name: "photo_months", yaml: "photos: {keep_months: -1}", err: "photos.keep_months"},
		{name: "bucket_missing", yaml: "photos: {s3: {endpoint: 's3.example:9000', access_key: a, secret_key: b}}", err: "photos.s3.bucket"},
		{name: "bucket_with_scheme", yaml: "photos: {s3: {endpoint: 'https://s3.example', bucket: b, access_key: a, secret_key: b}}", err: "photos.s3.endpoint"},
		{name: "bucket_without_key", yaml: "photos: {s3: {endpoint: 's3.example', bucket: b}}", err: "photos.s3.secret_key"},
		{name: "bucket_by_environment", env: []string{"HEFEN_PHOTOS_S3_ENDPOINT=s3:9000", "HEFEN_PHOTOS_S3_BUCKET=b", "HEFEN_PHOTOS_S3_ACCESS_KEY=a", "HEFEN_PHOTOS_S3_SECRET_KEY=c"},
			want: func(c Config) bool { return c.Photos.S3.Bucket == "b" && c.Photos.S3.SecretKey == "c" }},
		{name: "sms_half_set", yaml: "sms: {secret_id: a, secret_key: b, app_id: c, sign: d}", err: "sms.template"},
		{name: "sms_limit", yaml: "sms: {per_day: 0}", err: "sms.per_day"},
		{name: "level", yaml: "log: {level: loud}", err: "log.level"},
		{name: "body", yaml: "limits: {body: 3}", err: "limits.body"},
		{name: "timeout", yaml: "limits: {stop_timeout: 0s}", err: "limits.stop_timeout"},
		{name: "rate", yaml: "limits: {per_user: 0}", err: "limits.per_user"},
		{name: "proxy", yaml: "limits: {trusted_proxies: [here]}", err: "limits.trusted_proxies"},
		{name: "all_faults_at_once", yaml: "listen: x\nlog: {level: loud}", err: "log.level"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hefen.yaml")
			if err := os.WriteFile(path, []byte(c.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Load(path, c.env)
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err == "" && !c.want(got):
				t.Errorf("got %+v", got)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want one that says %q", err, c.err)
			}
		})
	}
	t.Run("missing_file", func(t *testing.T) {
		if _, err := Load("/nowhere/hefen.yaml", nil); err == nil || !strings.Contains(err.Error(), "there is no file") {
			t.Errorf("error %v", err)
		}
	})
}

func TestEnvNamesAreDistinct(t *testing.T) {
	if got, want := len(byEnvName(known())), len(known()); got != want {
		t.Errorf("%d names for %d keys", got, want)
	}
}
