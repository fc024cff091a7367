package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed web/notbuilt.html
var notBuilt []byte

// pages serves the built H5 pages from the configured folder: what lies under assets/ is named by its content and may
// be kept for ever, the rest is asked for again. A file F with F.gz beside it is sent compressed.
func (s *Server) pages() gin.HandlerFunc {
	root := s.Config.Pages.Dir
	return func(c *gin.Context) {
		name := strings.TrimPrefix(path.Clean("/"+c.Request.URL.Path), "/")
		switch {
		case strings.HasPrefix(name+"/", strings.TrimPrefix(Prefix, "/")+"/"):
			s.abort(c, errNoRoute)
			return
		case c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead:
			s.abort(c, errNoMethod)
			return
		}
		site, err := os.OpenRoot(root) // nothing outside the folder, symbolic links included
		if err != nil {
			servesNotBuilt(c)
			return
		}
		defer site.Close()
		if name == "" || !isFile(site, name) {
			if path.Ext(name) != "" { // a missing file is missing; a missing page is for the pages' own router
				s.abort(c, errNoRoute)
				return
			}
			name = "index.html"
		}
		if !isFile(site, name) {
			servesNotBuilt(c)
			return
		}
		s.file(c, site, name)
	}
}

func servesNotBuilt(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusServiceUnavailable, "text/html; charset=utf-8", notBuilt)
}

func isFile(site *os.Root, name string) bool {
	info, err := site.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (s *Server) file(c *gin.Context, site *os.Root, name string) {
	h := c.Writer.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if name == "index.html" {
		s.index(c, site)
		return
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		h.Set("Content-Type", t)
	}
	send := name
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") && newer(site, name+".gz", name) {
		h.Set("Content-Encoding", "gzip")
		send += ".gz"
	}
	f, err := site.Open(send)
	if err != nil {
		s.abort(c, errNoRoute)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		s.abort(c, err)
		return
	}
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
	http.ServeContent(c.Writer, c.Request, name, info.ModTime(), f)
}

// newer reports whether the compressed copy is there and not older than the file.
func newer(site *os.Root, copy, file string) bool {
	a, err := site.Stat(copy)
	if err != nil || !a.Mode().IsRegular() {
		return false
	}
	b, err := site.Stat(file)
	return err == nil && !a.ModTime().Before(b.ModTime())
}

var inlineScript = regexp.MustCompile(`(?s)<script(?:\s+type="(?:module|text/javascript)")?>(.*?)</script>`)

// index sends the first page and allows exactly the scripts that stand in it, by their hash.
func (s *Server) index(c *gin.Context, site *os.Root) {
	page, err := fs.ReadFile(site.FS(), "index.html")
	if err != nil {
		s.abort(c, err)
		return
	}
	var hashes strings.Builder
	for _, m := range inlineScript.FindAllSubmatch(page, -1) {
		sum := sha256.Sum256(m[1])
		hashes.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	}
	sum := sha256.Sum256(page)
	c.Header("Content-Security-Policy", fmt.Sprintf(policy, hashes.String()))
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Header("ETag", fmt.Sprintf(`"%x"`, sum[:8]))
	info, err := site.Stat("index.html")
	if err != nil {
		s.abort(c, err)
		return
	}
	http.ServeContent(c.Writer, c.Request, "index.html", info.ModTime(), bytes.NewReader(page))
}
