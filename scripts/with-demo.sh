#!/bin/bash
# Runs a command while a server with the demo county runs on a free port in a temporary folder; HEFEN_BASE is its address, HEFEN_LOG its log.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/servers.sh
TEMP=$(mktemp -d)
stop() {
  if [ -n "${SERVER:-}" ]; then kill "$SERVER" 2>/dev/null || true; wait "$SERVER" 2>/dev/null || true; fi
  rm -rf "$TEMP"
}
trap stop EXIT
port=$(free_port)
HEFEN_DEMO=true HEFEN_LISTEN=127.0.0.1:$port HEFEN_DATA_DIR=$TEMP/data HEFEN_LIMITS_PER_ADDRESS=100000 HEFEN_LIMITS_PER_USER=100000 \
  HEFEN_LIMITS_LOGINS_PER_ADDRESS=10000 bin/hefen serve >"$TEMP/server.log" 2>&1 &
SERVER=$!
export HEFEN_BASE=http://127.0.0.1:$port HEFEN_LOG=$TEMP/server.log
ready() { curl -fsS "$HEFEN_BASE/readyz" 2>/dev/null || node -e 'fetch(process.env.HEFEN_BASE+"/readyz").then(r=>process.exit(r.ok?0:1),()=>process.exit(1))'; }
gone() { ! kill -0 "$SERVER" 2>/dev/null; }
if ! wait_for 180 eval 'gone || ready' || gone; then
  tail -40 "$TEMP/server.log" >&2
  echo "the demo server did not become ready" >&2
  exit 1
fi
rc=0
"$@" || rc=$?
if [ $rc -ne 0 ]; then
  echo "--- end of the server's log" >&2
  tail -40 "$TEMP/server.log" >&2
fi
exit $rc
