# Shared by services/run and services/test: stages with their times, the packages of Debian, the build, an instance.
# Sourced, not run. The caller has set -euo pipefail and stands in the repository's root.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STARTED=$SECONDS
STAGE=
STAGE_LOG=
STAGE_NUMBER=0
STAGE_STARTED=0
STAGE_TIMES=
LOGGED_PID=
LOGS=$ROOT/.hearth/logs
BIN=$ROOT/.build/release
INSTANCE_PID=
INSTANCE_DIR=

say() { printf '%s\n' "$*"; }
clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# stage NAME EXPECTED: says what begins, and how long the one before took.
stage() {
  end_stage
  STAGE=$1 STAGE_NUMBER=$((STAGE_NUMBER + 1)) STAGE_STARTED=$SECONDS STAGE_LOG=
  printf '\n[%s] %d/%d %s (expected: %s)\n' "$(clock $((SECONDS - STARTED)))" "$STAGE_NUMBER" "$STAGES" "$1" "$2"
}

end_stage() {
  [ -n "$STAGE" ] || return 0
  local took=$((SECONDS - STAGE_STARTED))
  say "  done in $took s"
  STAGE_TIMES+=$(printf '  %-44s %6d s' "$STAGE" "$took")$'\n'
  STAGE=
}

fail() { printf 'error: %s\n' "$*" >&2; return 1; }

# logged LOG COMMAND…: output into a file, a line of progress every ten seconds; the command's exit code.
logged() {
  STAGE_LOG=$1
  shift
  local begun=$SECONDS next=$((SECONDS + 10)) job code=0
  "$@" >"$STAGE_LOG" 2>&1 </dev/null &
  job=$!
  LOGGED_PID=$job
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.3
    if [ "$SECONDS" -ge "$next" ]; then
      next=$((SECONDS + 10))
      printf '  %4d s  %s\n' $((SECONDS - begun)) "$(tail -c 400 "$STAGE_LOG" | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | cut -c 1-100)"
    fi
  done
  wait "$job" || code=$?
  LOGGED_PID=
  return $code
}

# What a failed stage leaves: its name, the end of its log, the exit code.
tell_failure() {
  local code=$1
  printf '\nfailed: stage %d, %s (exit code %d)\n' "$STAGE_NUMBER" "${STAGE:-before the first stage}" "$code" >&2
  if [ -n "$STAGE_LOG" ] && [ -f "$STAGE_LOG" ]; then
    printf 'the last lines of %s:\n' "${STAGE_LOG#"$ROOT"/}" >&2
    tail -n 20 "$STAGE_LOG" >&2
  fi
}

# ---- Packages -------------------------------------------------------------------------------------------------------

PACKAGES=(librdkafka-dev libpq-dev libsimdjson-dev libcurl4-openssl-dev libssl-dev pkg-config)

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Of clang, as Swift's C++ shim needs it: Debian keeps the headers in a package of their own.
has_cpp_headers() {
  local clang
  clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang++
  [ -x "$clang" ] || clang=clang++
  printf '#include <string>\n' | "$clang" -x c++ -fsyntax-only - 2>/dev/null
}

# missing_packages MORE…: those of PACKAGES and of MORE that are not there.
missing_packages() {
  local name
  for name in "${PACKAGES[@]}" "$@"; do installed "$name" || printf '%s\n' "$name"; done
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || printf 'postgresql\n'
  command -v git >/dev/null || printf 'git\n'
  has_cpp_headers || printf 'libstdc++-12-dev\n'
}

# install_packages MORE…: with apt as root, or through sudo; nothing when all are there.
install_packages() {
  command -v swift >/dev/null || fail 'swift is not on the PATH; see https://www.swift.org/install/linux/' || return
  command -v apt-get >/dev/null || fail 'apt-get is not there: this script knows Debian 12 only' || return
  local missing=() asRoot=()
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    say '  all packages are there'
    return 0
  fi
  say "  installing ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null \
      || fail "packages are missing and neither root nor sudo is there; as root: apt-get install ${missing[*]}" || return
    asRoot=(sudo)
  fi
  logged "$LOGS/apt.log" "${asRoot[@]}" sh -c '
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "${missing[@]}"
}

# ---- Build ----------------------------------------------------------------------------------------------------------

# build ARGUMENTS…: release, into the folder that run and test share.
build() {
  swift --version 2>/dev/null | head -n 1 | sed 's/^/  /'
  logged "$LOGS/build.log" swift build -c release "$@"
}

# ---- An instance ----------------------------------------------------------------------------------------------------

# Where a cluster stands that PostgreSQL's user cannot reach below the repository: named after the folder, as
# EmbeddedLayout.mark does (FNV-1a, 64 bit).
instance_mark() {
  local path=$1 hash=$((0xcbf29ce484222325)) byte
  for byte in $(printf '%s' "$path" | od -An -v -tu1); do
    hash=$(((hash ^ byte) * 0x100000001b3))
  done
  printf '%x' "$hash"
}

# Whether a process is still what we know by that id.
runs() { [ -n "$1" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q -- "$2"; }

# end_process PID WORD SECONDS: SIGTERM, then SIGKILL when it does not end in time.
end_process() {
  local deadline=$((SECONDS + $3))
  runs "$1" "$2" || return 0
  kill "$1" 2>/dev/null || return 0
  while runs "$1" "$2"; do
    [ "$SECONDS" -lt "$deadline" ] || kill -9 "$1" 2>/dev/null || true
    sleep 0.1
  done
}

# remove_instance DIR: ends what runs there, then removes it.
remove_instance() {
  local dir=$1 pid name mark
  if [ -d "$dir" ]; then
    pid=$(sed -n 's/.*"supervisor" *: *\([0-9]*\).*/\1/p' "$dir/endpoints.json" 2>/dev/null || true)
    end_process "$pid" 'hearth up' 60
    while read -r pid name; do end_process "$pid" "$name" 10; done < <(tac "$dir/children" 2>/dev/null || true)
    rm -rf "$dir"
  fi
  mark=$(instance_mark "$dir")
  rm -rf "/tmp/hearth-$mark" "/var/tmp/hearth-$mark"
}

# start_instance DIR LOG TAGGERS: a new one, ready for events.
start_instance() {
  local dir=$1 deadline=$((SECONDS + 180))
  remove_instance "$dir"
  mkdir -p "$dir"
  INSTANCE_DIR=$dir STAGE_LOG=$2
  # In a session of its own: Ctrl-C reaches this script alone, which then stops everything in order.
  setsid "$BIN/hearth" up --dir "$dir" --taggers "$3" --ready-file "$dir/ready" >"$2" 2>&1 </dev/null &
  INSTANCE_PID=$!
  until [ -f "$dir/ready" ]; do
    kill -0 "$INSTANCE_PID" 2>/dev/null || fail 'hearth up ended while starting' || return
    [ "$SECONDS" -lt "$deadline" ] || fail 'hearth up was not ready within 180 s' || return
    sleep 0.2
  done
}

# Stops it in order and keeps its folder; exit code of `hearth up`.
stop_instance() {
  local pid=$INSTANCE_PID code=0 deadline=$((SECONDS + 90))
  [ -n "$pid" ] || return 0
  INSTANCE_PID=
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || kill -9 "$pid" 2>/dev/null || true
    sleep 0.1
  done
  wait "$pid" 2>/dev/null || code=$?
  rm -rf "/tmp/hearth-$(instance_mark "$INSTANCE_DIR")"
  return $code
}

endpoint() { sed -n "s/.*\"$1\" *: *\"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" "$INSTANCE_DIR/endpoints.json" | head -n 1; }
