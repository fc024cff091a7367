#!/bin/bash
# Sourced by scripts that need real servers: installs what is missing and starts a private MariaDB and Redis on free
# ports in a temporary folder. Sets HEFEN_TEST_MYSQL (root's DSN without a database) and HEFEN_TEST_REDIS (host:port).
# The caller's trap calls stop_servers.

PATH=$PATH:/usr/sbin:/sbin # mariadbd lies there, which is not in everybody's path

install_missing() {
  local missing=()
  command -v mariadbd >/dev/null || missing+=(mariadb-server)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  command -v chromium >/dev/null || missing+=(chromium)
  command -v espeak-ng >/dev/null || missing+=(espeak-ng)
  command -v lame >/dev/null || missing+=(lame)
  fc-list 2>/dev/null | grep -qi 'Noto.*CJK' || missing+=(fonts-noto-cjk fontconfig)
  [ -e /usr/share/fonts/truetype/wqy/wqy-zenhei.ttc ] || missing+=(fonts-wqy-zenhei)
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "missing: ${missing[*]}; install them as root: apt-get install ${missing[*]}" >&2; return 1; }
    sudo=(sudo -n)
  fi
  command -v apt-get >/dev/null || { echo "missing: ${missing[*]}; there is no apt-get here, install them by hand" >&2; return 1; }
  # Packages must not start services of their own: the tests run private ones.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null && "${sudo[@]}" chmod 755 "$policy" && made=1
  fi
  local rc=0
  { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$TEMP/apt.log" 2>&1 || rc=$?
  [ -n "$made" ] && "${sudo[@]}" rm -f "$policy"
  if [ $rc -ne 0 ]; then
    tail -20 "$TEMP/apt.log" >&2
    echo "could not install ${missing[*]}" >&2
    return 1
  fi
}

free_port() {
  # The kernel picks a free port; the servers are started at once after.
  node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
  local until=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -ge $until ] && return 1
    sleep 0.1
  done
}

start_mariadb() {
  local dir="$TEMP/mariadb" port user=()
  # In memory where there is room: the tests make hundreds of small databases.
  if [ "$(df -m --output=avail /dev/shm 2>/dev/null | tail -1)" -ge 2048 ] 2>/dev/null; then
    SHM=$(mktemp -d /dev/shm/hefen-test-XXXXXX)
    dir=$SHM/mariadb
  fi
  mkdir -p "$dir" "$TEMP/run"
  if [ "$(id -u)" = 0 ]; then
    chmod 755 "$TEMP" "${SHM:-$TEMP}"
    chown mysql "$dir" "$TEMP/run"
    user=(--user=mysql)
  fi
  mariadb-install-db --no-defaults "${user[@]}" --datadir="$dir" --auth-root-authentication-method=normal --skip-test-db >"$TEMP/mariadb-install.log" 2>&1 ||
    { cat "$TEMP/mariadb-install.log" >&2; return 1; }
  port=$(free_port)
  mariadbd --no-defaults "${user[@]}" --datadir="$dir" --socket="$TEMP/run/mariadb.sock" --pid-file="$TEMP/run/mariadb.pid" --port="$port" \
    --bind-address=127.0.0.1 --character-set-server=utf8mb4 --skip-name-resolve --max-connections=600 --innodb-buffer-pool-size=256M >"$TEMP/mariadb.log" 2>&1 &
  MARIADB_PID=$!
  wait_for 60 mariadb-admin --no-defaults --socket="$TEMP/run/mariadb.sock" -uroot ping || { tail -20 "$TEMP/mariadb.log" >&2; return 1; }
  export HEFEN_TEST_MYSQL="root@tcp(127.0.0.1:$port)/"
}

start_redis() {
  local port
  port=$(free_port)
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$TEMP" >"$TEMP/redis.log" 2>&1 &
  REDIS_PID=$!
  wait_for 20 redis-cli -p "$port" ping || { tail -20 "$TEMP/redis.log" >&2; return 1; }
  export HEFEN_TEST_REDIS="127.0.0.1:$port"
}

stop_servers() {
  local pid
  for pid in ${MARIADB_PID:-} ${REDIS_PID:-}; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  [ -n "${SHM:-}" ] && rm -rf "$SHM"
  return 0
}
