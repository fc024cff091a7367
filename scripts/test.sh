#!/bin/bash
# Every check of the project, on real servers: installs what is missing from Debian's packages, starts a private MariaDB
# and Redis, checks and tests Go and the pages, drives the loop in a browser, stops everything. Ends non-zero if anything
# failed or could not be had; nothing is skipped. `scripts/test.sh go` or `scripts/test.sh pages` runs one half.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/servers.sh
half=${1:-all}
TEMP=$(mktemp -d)
trap 'stop_servers; rm -rf "$TEMP"' EXIT
trap 'exit 130' INT TERM

failed=0
summary=()

# stage NAME COMMAND…: runs it, notes the time and goes on, so that one run shows all that is wrong.
stage() {
  local name=$1 begin end
  shift
  echo "== $name"
  begin=$(date +%s.%N)
  if "$@"; then result=ok; else result=FAILED failed=1; fi
  end=$(date +%s.%N)
  summary+=("$(printf '%-34s %-7s %7.1f s' "$name" "$result" "$(echo "$end $begin" | awk '{print $1-$2}')")")
}

# must NAME COMMAND…: a stage without which the rest says nothing.
must() {
  stage "$@"
  [ $failed -eq 0 ] || finish
}

finish() {
  echo
  echo "== summary"
  printf '%s\n' "${summary[@]}"
  [ $failed -eq 0 ] && echo "all passed" || echo "FAILED"
  exit $failed
}

formatted() {
  local list
  list=$(gofmt -l cmd internal) || return 1
  [ -z "$list" ] || { echo "gofmt would change:"; echo "$list"; return 1; }
}

# Where goroutines meet over points, stock, sessions, notices or Redis: of these packages the tests of those files that start
# some. The embedded engine is Go itself and ten times slower under the detector, and has one writer: beyond storage the
# goroutines meet on MariaDB; both engines run without the detector above, with every test.
raced() {
  local list=() files=() names p found
  for p in redisx ledger board cases market access season activity message notify publication httpapi; do
    mapfile -t found < <(grep -lE 'go func|\.Go\(|WaitGroup' "internal/$p"/*_test.go)
    [ ${#found[@]} -eq 0 ] || { list+=("./internal/$p"); files+=("${found[@]}"); }
  done
  names=$(sed -nE 's/^func (Test[A-Za-z0-9_]+)\(t \*testing\.T\).*/\1/p' "${files[@]}" | sort -u | paste -sd '|')
  [ -n "$names" ] || { echo "no test starts a goroutine: the pattern above is wrong"; return 1; }
  CGO_ENABLED=1 go test -race -timeout 600s ./internal/storage/... &&
    CGO_ENABLED=1 go test -race -timeout 600s -run "^($names)\$" -skip '/^sqlite$' "${list[@]}"
}

pages_npm() (cd miniprogram && "$OLDPWD/scripts/npm-ci.sh")
compile_npm() (cd miniprogram/tools/compile && "$OLDPWD/scripts/npm-ci.sh")
types_current() (
  cd miniprogram || exit 1
  npx --no-install openapi-typescript ../api/openapi.json -o "$TEMP/schema.d.ts" >/dev/null &&
    diff -q "$TEMP/schema.d.ts" src/api/schema.d.ts || { echo "the pages' types are not those of api/openapi.json: run make openapi"; exit 1; }
)
compile_check() (cd miniprogram && node tools/compile/check.cjs dist/build/mp-weixin)
npm_run() (cd miniprogram && npm run --silent "$@")

must "what must be installed" install_missing
if [ "$half" != pages ]; then
  must "start MariaDB" start_mariadb
  must "start Redis" start_redis
  stage "gofmt" formatted
  stage "go build" go build ./...
  stage "go vet" go vet ./...
  stage "go test" go test -timeout 600s ./...
  stage "go test -race" raced
fi
if [ "$half" != go ]; then
  must "npm ci" pages_npm
  must "npm ci of the compile check" compile_npm
  stage "types from the API" types_current
  stage "vue-tsc" npm_run check
  stage "vitest" npm_run test
  stage "build the H5 pages" scripts/pages.sh
  stage "build the mini-program" npm_run build:mp
  stage "sizes" npm_run size
  stage "compile check" compile_check
  stage "build the server" make --no-print-directory build
  stage "end to end" scripts/with-demo.sh sh -c 'cd miniprogram && npm run --silent e2e -- --base "$HEFEN_BASE" --log "$HEFEN_LOG"'
fi
finish
