// Package config reads the program's settings: defaults, then a YAML file, then environment variables. An unknown key is
// an error that names it, so that a misspelt setting never passes for a set one.
package config

import (
	"path/filepath"
	"time"
)

// Config is every setting of the program. The zero value is not usable; Load or Default makes one.
type Config struct {
	Listen    string   `koanf:"listen"`     // host:port of the HTTP server
	DataDir   string   `koanf:"data_dir"`   // folder of everything the embedded default stores
	PublicURL string   `koanf:"public_url"` // https address under which phones reach the server; printed on cards
	Demo      bool     `koanf:"demo"`       // demo county, role picker and the local fake of WeChat; loopback only
	KeysFile  string   `koanf:"keys_file"`  // keys of the encrypted columns; kept apart from backups
	Database  Database `koanf:"database"`
	Redis     Redis    `koanf:"redis"`
	Wechat    Wechat   `koanf:"wechat"`
	SMS       SMS      `koanf:"sms"`
	Notify    Notify   `koanf:"notify"`
	Voices    Voices   `koanf:"voices"`
	Photos    Photos   `koanf:"photos"`
	Print     Print    `koanf:"print"`
	Pages     Pages    `koanf:"pages"`
	Log       Log      `koanf:"log"`
	Limits    Limits   `koanf:"limits"`
}

// Engines that Database.Engine may name.
const (
	SQLite = "sqlite"
	MySQL  = "mysql"
)

// Database says where the tables are. storage.Open takes it.
type Database struct {
	Engine   string        `koanf:"engine"`   // sqlite or mysql (MySQL 8, MariaDB 10.6 or later, TiDB)
	Path     string        `koanf:"path"`     // sqlite: the database file; empty is data_dir/hefen.db
	DSN      string        `koanf:"dsn"`      // mysql: user:password@tcp(host:port)/database
	MaxOpen  int           `koanf:"max_open"` // most connections at once (sqlite: readers); 0 lets storage choose
	MaxIdle  int           `koanf:"max_idle"` // most idle connections kept; 0 lets storage choose
	MaxLife  time.Duration `koanf:"max_life"` // a connection is replaced after this long; 0 lets storage choose
	KeysFile string        `koanf:"-"`        // Config.KeysFile, made absolute; empty holds keys in memory only (tests)
}

// Redis is optional: without an address boards are answered from SQL and rates are limited in this process.
type Redis struct {
	Addr     string   `koanf:"addr"`    // host:port of one server; empty is "no Redis"
	Cluster  []string `koanf:"cluster"` // host:port of the nodes of a cluster, instead of addr
	Username string   `koanf:"username"`
	Password string   `koanf:"password"`
	DB       int      `koanf:"db"`     // number of the database; 0 in a cluster
	Prefix   string   `koanf:"prefix"` // set before every key, so that several installations may share one server
}

// On reports whether a Redis is configured.
func (r Redis) On() bool { return r.Addr != "" || len(r.Cluster) > 0 }

// Wechat is the mini-program's own account. Without it only the demo can log in.
type Wechat struct {
	AppID  string `koanf:"appid"`
	Secret string `koanf:"secret"`
}

// Notify says what is sent by WeChat, and when people are told that points end.
type Notify struct {
	ExpiringDays int        `koanf:"expiring_days"` // people are told this many days before points end
	Templates    []Template `koanf:"templates"`     // empty: messages stand inside the app only
}

// Template is a subscription message approved by WeChat.
type Template struct {
	ID     string            `koanf:"id"`
	Title  string            `koanf:"title"`  // what a person is asked to agree to
	Page   string            `koanf:"page"`   // page that it opens
	Kinds  []string          `koanf:"kinds"`  // kinds of messages that it carries
	Fields map[string]string `koanf:"fields"` // keyword of the template → what fills it
}

// Voices bounds how long complaints and suggestions may wait.
type Voices struct {
	AnswerDays int `koanf:"answer_days"` // working days in which the village answers in writing
}

// Photos says where photos lie, what one may send, and for how long they are kept.
type Photos struct {
	Dir        string `koanf:"dir"`         // empty is data_dir/photos
	MaxBytes   int64  `koanf:"max_bytes"`   // of a photo as it is sent; it is stored smaller
	PerDay     int    `koanf:"per_day"`     // photos that one user may send a day
	KeepMonths int    `koanf:"keep_months"` // evidence is removed after this long, its hash stays; 0: kept for good
	S3         S3     `koanf:"s3"`
}

// S3 is a bucket of an S3-compatible service, used instead of the folder when an endpoint is named.
type S3 struct {
	Endpoint  string `koanf:"endpoint"` // host:port without a scheme; empty: the folder
	Bucket    string `koanf:"bucket"`
	Region    string `koanf:"region"`
	AccessKey string `koanf:"access_key"`
	SecretKey string `koanf:"secret_key"`
	Prefix    string `koanf:"prefix"`     // set before every key
	PathStyle bool   `koanf:"path_style"` // the bucket stands in the path, not in the host name
	Plain     bool   `koanf:"plain"`      // http, on a network of one's own
}

// Print says with which font files for printing and for chat groups are made.
type Print struct {
	Font string `koanf:"font"` // TrueType font with Chinese (.ttf, .ttc); empty: the first found in the usual places
}

// Pages is the folder of the built H5 pages.
type Pages struct {
	Dir string `koanf:"dir"`
}

// Log sets how much is written to standard error.
type Log struct {
	Level string `koanf:"level"` // debug, info, warn or error
}

// Limits bound what one caller may ask of the server.
type Limits struct {
	Body             int64         `koanf:"body"`               // bytes of a request's body, where an operation sets no limit of its own
	ReadTimeout      time.Duration `koanf:"read_timeout"`       // to read a request with its body
	WriteTimeout     time.Duration `koanf:"write_timeout"`      // to write an answer
	StopTimeout      time.Duration `koanf:"stop_timeout"`       // running requests may take this long after a stop signal
	DrainDelay       time.Duration `koanf:"drain_delay"`        // after a stop signal, requests are still taken this long while /readyz says draining
	PerAddress       int           `koanf:"per_address"`        // requests a minute from one address (a village may sit behind one)
	PerUser          int           `koanf:"per_user"`           // requests a minute of one user
	LoginsPerAddress int           `koanf:"logins_per_address"` // logins a minute from one address
	TrustedProxies   []string      `koanf:"trusted_proxies"`    // addresses or networks whose X-Forwarded-For is believed
}

// Default is the embedded default: everything in ./data, no Redis, no WeChat, local address.
func Default() Config {
	return Config{
		Listen:   "127.0.0.1:8080",
		DataDir:  "./data",
		Database: Database{Engine: SQLite},
		Redis:    Redis{Prefix: "hefen:"},
		Notify:   Notify{ExpiringDays: 30},
		Voices:   Voices{AnswerDays: 7},
		Photos:   Photos{MaxBytes: 12 << 20, PerDay: 800, KeepMonths: 36},
		Pages:    Pages{Dir: "miniprogram/dist/build/h5"},
		Log:      Log{Level: "info"},
		SMS:      SMS{PerPhone: 10, PerSource: 60, PerDay: 5000},
		Limits: Limits{
			Body: 1 << 20, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, StopTimeout: 15 * time.Second,
			PerAddress: 3000, PerUser: 600, LoginsPerAddress: 120,
		},
	}
}

// fill sets what follows from other settings.
func (c *Config) fill() {
	if c.Database.Path == "" {
		c.Database.Path = filepath.Join(c.DataDir, "hefen.db")
	}
	if c.KeysFile == "" {
		c.KeysFile = filepath.Join(c.DataDir, "hefen.keys")
	}
	if c.Photos.Dir == "" {
		c.Photos.Dir = filepath.Join(c.DataDir, "photos")
	}
	c.Database.KeysFile = c.KeysFile
	if abs, err := filepath.Abs(c.KeysFile); err == nil {
		c.Database.KeysFile = abs
	}
}
