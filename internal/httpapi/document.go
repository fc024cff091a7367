package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"hefen/internal/config"
)

// documentVersion is the version of the contract, not of the program, so that the committed document changes only
// when the contract does.
const documentVersion = "1"

const documentIntro = `禾分（Hefen）乡村积分平台的接口。

所有接口都在 /api 下面，用 JSON。编号是十进制数字组成的字符串；积分是整数，单位为百分之一分（150 是 1.5 分）；钱是整数，单位为分；
日期写作 2026-11-21（北京时间），时刻是自 1970 年起的毫秒数。

写操作都带 request_id：由客户端随机生成（16 到 64 个字母、数字、下划线或短横），在得到明确答复之前一直保留。同一个 request_id 重发，
得到同一个结果，并带 repeated: true。4xx 是明确的答复（401、408、425、429 除外）；5xx 或没有答复时，请用同一个 request_id 重发。

出错时的格式都是 {"error": {"code", "msg", "fields", "request_id"}}：code 给程序看，msg 给人看。列表用 cursor 翻页：把上一页的
next_cursor 原样传回来，没有 next_cursor 就是最后一页。`

// OpenAPI is the document of all operations, those of the demo too, indented and ending with a newline: the committed
// api/openapi.json, from which the pages' types are made.
func OpenAPI() ([]byte, error) {
	cfg := config.Default()
	cfg.Demo = true
	s := &Server{Config: cfg}
	gin.SetMode(gin.ReleaseMode)
	return document(s.register(gin.New()).huma)
}

func document(h huma.API) ([]byte, error) {
	raw, err := h.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// serveDocument writes the document down when somebody first asks: it takes longer than the rest of the start.
func serveDocument(h huma.API) gin.HandlerFunc {
	text := sync.OnceValue(func() []byte {
		doc, err := document(h)
		if err != nil {
			panic(err) // a type that cannot be written down; the test of the committed document shows it first
		}
		return doc
	})
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/json", text())
	}
}

// schemaName is the package and the type, so that market.Line and cases.Line do not meet: MarketLine, CasesLine.
// A type that is named after its package stands alone: village.Village is Village.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || pkg == "." || pkg == "httpapi" || pkg == "errs" {
		return name
	}
	pkg = strings.ToUpper(pkg[:1]) + pkg[1:]
	if strings.EqualFold(pkg, name) || strings.EqualFold(pkg, name+"s") {
		return name
	}
	return pkg + name
}
