# Hefen 禾分. On a fresh machine with Go 1.26 and Node 20: `make run` starts it with the demo county, `make test` runs
# every check.

SHELL := /bin/bash
BIN   := bin/hefen
PAGES := miniprogram/dist/build/h5/index.html
export CGO_ENABLED ?= 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: run build pages test openapi screenshots bench soak clean FORCE

run: pages build ## the demo county on the embedded default, in ./data
	HEFEN_DEMO=true $(BIN) serve

build: $(BIN)

$(BIN): FORCE
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/hefen

pages: $(PAGES) ## the H5 pages, built when a source is newer

$(PAGES): $(shell find miniprogram -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/screenshots/*' 2>/dev/null) scripts/pages.sh
	scripts/pages.sh

test: ## everything; installs and starts what it needs
	scripts/test.sh

openapi: ## api/openapi.json from the handlers, then the pages' types from it
	go run ./cmd/hefen openapi > api/openapi.json.new && mv api/openapi.json.new api/openapi.json
	@if [ -d miniprogram/node_modules ]; then cd miniprogram && npm run --silent types; fi

screenshots: pages build ## pictures of the roles' first pages
	scripts/with-demo.sh sh -c 'cd miniprogram && npm run --silent screenshots -- --base "$$HEFEN_BASE"'

bench: build ## the benchmark on the configured database
	$(BIN) bench $(ARGS)

soak: ## the property and concurrency tests, for long
	scripts/soak.sh

clean:
	rm -rf bin miniprogram/dist

FORCE:
