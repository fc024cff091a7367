#!/bin/bash
# The property and concurrency tests for a long time: SOAK_MINUTES (default 20) on private servers. Before them a county of
# SOAK_ENTRIES entries (default ten million, about 6 GB in the temporary folder; 0: none) is rolled up and asked for its figures, and
# a village of SOAK_CASES cases (default a million; 0: none) for those that wait for review.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/servers.sh
TEMP=$(mktemp -d)
trap 'stop_servers; rm -rf "$TEMP"' EXIT
install_missing
start_mariadb
start_redis
cd internal
if [ "${SOAK_ENTRIES:-10000000}" -gt 0 ]; then
  HEFEN_REPORT_ENTRIES=${SOAK_ENTRIES:-10000000} go test -count=1 -timeout=90m -v -run 'TestManyEntries$' ./report
fi
if [ "${SOAK_CASES:-1000000}" -gt 0 ]; then
  HEFEN_CASES_ROWS=${SOAK_CASES:-1000000} go test -count=1 -timeout=30m -v -run 'TestManyCases$' ./cases
fi
for p in storage ledger cases market board report; do
  flags=()
  grep -qs '"pgregory.net/rapid"' $p/*_test.go && flags=(-rapid.checks=400) # a flag that only such packages know
  CGO_ENABLED=1 go test -race -c -o "$TEMP/$p.test" "./$p"
  declare "flags_$p=${flags[*]:-}"
done
until=$(($(date +%s) + 60 * ${SOAK_MINUTES:-20}))
round=0
while [ "$(date +%s)" -lt $until ]; do
  round=$((round + 1))
  for p in storage ledger cases market board report; do
    flags=flags_$p
    # shellcheck disable=SC2086
    if ! (cd $p && "$TEMP/$p.test" -test.timeout=30m ${!flags}) >"$TEMP/soak.log" 2>&1; then
      tail -60 "$TEMP/soak.log"
      echo "round $round: $p failed"
      exit 1
    fi
  done
  echo "round $round passed"
done
