#!/usr/bin/env bash
# Kills a tagger of an instance with SIGKILL, again and again: kill_taggers.sh DIR [TIMES] [SECONDS BETWEEN]
#
# The ids come from the instance's file `children`; `hearth up` starts each again, and the next is killed only once a
# new one is there. Prints a line a kill; exit 0 when all were killed, 1 when no new tagger came within 60 s.
set -euo pipefail

dir=$1 times=${2:-5} pause=${3:-2}
killed=' '

tagger() {
  local pid name
  while read -r pid name; do
    if [ "$name" = tagger ] && [[ "$killed" != *" $pid "* ]] \
      && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q tagger; then
      printf '%s' "$pid"
      return
    fi
  done < <(cat "$dir/children" 2>/dev/null || true)
}

for number in $(seq "$times"); do
  deadline=$((SECONDS + 60)) pid=''
  until pid=$(tagger) && [ -n "$pid" ]; do
    [ "$SECONDS" -lt "$deadline" ] || { echo 'error: no new tagger within 60 s' >&2; exit 1; }
    sleep 0.1
  done
  sleep "$pause"
  kill -9 "$pid"
  killed+="$pid "
  echo "killed tagger $number of $times (process $pid)"
done
