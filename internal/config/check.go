package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

type complain func(key, format string, args ...any)

func (c *Config) validateListen(no complain) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		no("listen", "%q is not host:port, such as 127.0.0.1:8080", c.Listen)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		no("listen", "port %q is not a number from 0 to 65535", port)
	}
	if c.Demo && !Loopback(host) {
		no("demo", "lets everybody in under any role and therefore listens on a loopback address only, not on %q; set listen to 127.0.0.1:8080 or demo to false", c.Listen)
	}
	for _, p := range c.Limits.TrustedProxies {
		if _, err := netip.ParseAddr(p); err == nil {
			continue
		}
		if _, err := netip.ParsePrefix(p); err != nil {
			no("limits.trusted_proxies", "%q is neither an address nor a network such as 10.0.0.0/8", p)
		}
	}
}

// Loopback reports whether a host is reachable from its own machine only.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func (c *Config) validateStores(no complain) {
	if c.DataDir == "" {
		no("data_dir", "is empty; name a folder, such as ./data")
	}
	d := c.Database
	switch d.Engine {
	case SQLite:
		if d.DSN != "" {
			no("database.dsn", "is for engine mysql; for sqlite set database.path, or set database.engine to mysql")
		}
	case MySQL:
		if d.DSN == "" {
			no("database.dsn", "is missing; mysql needs user:password@tcp(host:3306)/hefen")
		}
	default:
		no("database.engine", "%q is neither sqlite nor mysql (mysql also stands for MariaDB and TiDB)", d.Engine)
	}
	if d.MaxOpen < 0 || d.MaxOpen > 1000 {
		no("database.max_open", "%d; want 0 (chosen for the engine) to 1000", d.MaxOpen)
	}
	if d.MaxIdle < 0 || d.MaxIdle > 1000 {
		no("database.max_idle", "%d; want 0 (chosen for the engine) to 1000", d.MaxIdle)
	}
	if d.MaxLife < 0 {
		no("database.max_life", "%s is negative", d.MaxLife)
	}
	if c.Redis.Addr != "" && len(c.Redis.Cluster) > 0 {
		no("redis.cluster", "set either redis.addr or redis.cluster, not both")
	}
	for _, a := range append([]string{c.Redis.Addr}, c.Redis.Cluster...) {
		if a == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(a); err != nil {
			no("redis.addr", "%q is not host:port, such as 127.0.0.1:6379", a)
		}
	}
	if c.Redis.DB < 0 || (c.Redis.DB > 0 && len(c.Redis.Cluster) > 0) {
		no("redis.db", "%d; want 0 or more, and 0 in a cluster", c.Redis.DB)
	}
}

func (c *Config) validatePhotos(no complain) {
	p := c.Photos
	if p.MaxBytes < 1<<20 || p.MaxBytes > 64<<20 {
		no("photos.max_bytes", "%d bytes; want between 1048576 and 67108864", p.MaxBytes)
	}
	if p.PerDay < 1 {
		no("photos.per_day", "%d; want at least 1", p.PerDay)
	}
	if p.KeepMonths < 0 || p.KeepMonths > 1200 {
		no("photos.keep_months", "%d; want 0 (for good) to 1200", p.KeepMonths)
	}
	if p.S3.Endpoint == "" {
		return
	}
	if strings.Contains(p.S3.Endpoint, "/") {
		no("photos.s3.endpoint", "%q is not host or host:port; write no https:// and no path", p.S3.Endpoint)
	}
	if p.S3.Bucket == "" {
		no("photos.s3.bucket", "is missing; name the bucket, which must exist")
	}
	if p.S3.AccessKey == "" || p.S3.SecretKey == "" {
		no("photos.s3.secret_key", "is missing; access_key and secret_key come from the service (set HEFEN_PHOTOS_S3_SECRET_KEY)")
	}
}
