package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// envPrefix begins every environment variable of the program; envOther are those that are not settings.
const envPrefix = "HEFEN_"

var envOther = []string{"HEFEN_TEST_", "HEFEN_CONFIG"}

// Load reads the file at path (none when path is empty) and the environment over the defaults and checks the result.
// environ is os.Environ() or a test's own list. The error names the file and key in plain words.
func Load(path string, environ []string) (Config, error) {
	keys := known()
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return Config{}, fmt.Errorf("config: there is no file %s", path)
			}
			return Config{}, fmt.Errorf("config %s: not readable as YAML: %w", path, err)
		}
		if bad := unknown(k.Keys(), keys); len(bad) > 0 {
			return Config{}, fmt.Errorf("config %s: unknown key %s (configs/hefen.example.yaml lists all keys)", path, strings.Join(bad, ", "))
		}
	}
	if err := checkEnviron(environ, keys); err != nil {
		return Config{}, err
	}
	if err := k.Load(fromEnviron(environ, keys), nil); err != nil {
		return Config{}, fmt.Errorf("config: environment: %w", err)
	}
	c := Default()
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	c.fill()
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// known maps every key to its kind, from the struct tags.
func known() map[string]reflect.Kind {
	keys := map[string]reflect.Kind{}
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := f.Tag.Get("koanf")
			if name == "-" {
				continue
			}
			if f.Type.Kind() == reflect.Struct {
				walk(prefix+name+".", f.Type)
				continue
			}
			keys[prefix+name] = f.Type.Kind()
		}
	}
	walk("", reflect.TypeFor[Config]())
	return keys
}

func unknown(have []string, keys map[string]reflect.Kind) []string {
	var bad []string
	for _, h := range have {
		if _, ok := keys[h]; ok {
			continue
		}
		section := false // an empty section, "redis:", is as good as none
		for k := range keys {
			section = section || strings.HasPrefix(k, h+".")
		}
		if !section {
			bad = append(bad, h)
		}
	}
	sort.Strings(bad)
	return bad
}

// EnvName is the environment variable that overrides a key: database.max_open is HEFEN_DATABASE_MAX_OPEN.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func byEnvName(keys map[string]reflect.Kind) map[string]string {
	m := make(map[string]string, len(keys))
	for k := range keys {
		m[EnvName(k)] = k
	}
	return m
}

func checkEnviron(environ []string, keys map[string]reflect.Kind) error {
	names := byEnvName(keys)
next:
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix) || names[name] != "" {
			continue
		}
		for _, other := range envOther {
			if strings.HasPrefix(name, other) {
				continue next
			}
		}
		return fmt.Errorf("config: unknown environment variable %s (names are made of the keys: database.dsn is %s)", name, EnvName("database.dsn"))
	}
	return nil
}

// fromEnviron knows each key's variable by name, so that keys with an underscore and keys absent from the file work.
func fromEnviron(environ []string, keys map[string]reflect.Kind) *env.Env {
	names := byEnvName(keys)
	return env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key := names[name]
			if keys[key] == reflect.Slice {
				return key, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
			}
			return key, value
		},
	})
}

// Validate reports the first settings that cannot work, all of them at once, in plain words.
func (c *Config) Validate() error {
	var bad []error
	no := func(key, format string, args ...any) {
		bad = append(bad, fmt.Errorf("config: %s: %s", key, fmt.Sprintf(format, args...)))
	}
	c.validateListen(no)
	c.validateStores(no)
	c.validatePhotos(no)
	if n := c.Voices.AnswerDays; n < 1 || n > 60 {
		no("voices.answer_days", "%d; want between 1 and 60", n)
	}
	if n := c.Notify.ExpiringDays; n < 1 || n > 365 {
		no("notify.expiring_days", "%d; want between 1 and 365", n)
	}
	if len(c.Notify.Templates) > 0 && c.Wechat.AppID == "" {
		no("notify.templates", "are of a mini-program; set wechat.appid too")
	}
	if c.Wechat.AppID != "" && c.Wechat.Secret == "" {
		no("wechat.secret", "is missing; both appid and secret come from the mini-program's console")
	}
	c.validateSMS(no)
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		no("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	l := c.Limits
	if l.Body < 1<<10 || l.Body > 64<<20 {
		no("limits.body", "%d bytes; want between 1024 and 67108864", l.Body)
	}
	for key, d := range map[string]time.Duration{"limits.read_timeout": l.ReadTimeout, "limits.write_timeout": l.WriteTimeout, "limits.stop_timeout": l.StopTimeout} {
		if d < time.Second || d > 10*time.Minute {
			no(key, "%s; want between 1s and 10m", d)
		}
	}
	if l.DrainDelay < 0 || l.DrainDelay > time.Minute {
		no("limits.drain_delay", "%s; want between 0s and 1m", l.DrainDelay)
	}
	for key, n := range map[string]int{"limits.per_address": l.PerAddress, "limits.per_user": l.PerUser, "limits.logins_per_address": l.LoginsPerAddress} {
		if n < 1 {
			no(key, "%d; want at least 1 a minute", n)
		}
	}
	return errors.Join(bad...)
}
