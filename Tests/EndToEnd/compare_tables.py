#!/usr/bin/env python3
"""Compares the tables of a running instance with `hearth fold` of the same events, line by line.

    Tests/EndToEnd/compare_tables.py --store CONNECTION --tenant T --state F --funnels F --segments F
      [--population NAME=F …] [--show 5]

CONNECTION is a libpq string (`store` in endpoints.json). The files are what `hearth fold --emit …` wrote. Compared are
every subject's metrics and tags with their `since`, every funnel entry (all but its revision, which counts changes and
so depends on the order of arrival) and every membership with its `since`. A population segment is compared with
`--population NAME=F`, a fold up to the instant of its newest cut, by membership alone: it stands since it was last
entered, which one fold at one instant cannot know; without the option it is left out. Prints the counts; exit 0, 3 when
anything differs, 4 when the store does not answer.
"""

import argparse
import json
import pathlib
import subprocess
import sys
from decimal import Decimal

TIME = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'"
# A subject's key is tenant/kind/id; "0" is the byte after "/".
STATE = """
SELECT json_build_object('subject', substr(subject, length(:'tenant') + 2), 'metrics', projection -> 'metrics',
  'tags', projection -> 'tags')
FROM subject_states WHERE consumer_group = 'tagger' AND subject > :'tenant' || '/' AND subject < :'tenant' || '0'
  AND subject_kind(subject) IN ('member', 'community') -- channels and campaigns hold totals alone
"""
FUNNELS = f"""
SELECT json_build_object('subject', 'member/' || member, 'funnel', funnel, 'day', day, 'level', level, 'status', status,
  'breakdown', breakdown, 'times', ARRAY(SELECT to_char(t AT TIME ZONE 'UTC', {TIME})
    FROM unnest(times) WITH ORDINALITY AS u(t, place) ORDER BY place))
FROM funnel_entries WHERE tenant = :'tenant' AND status <> 'withdrawn'
"""
SEGMENTS = """
SELECT json_build_object('subject', substr(subject, length(:'tenant') + 2), 'segment', m.key, 'since', m.value ->> 'since')
FROM subject_states, jsonb_each(projection -> 'segments') AS m
WHERE consumer_group = 'segmenter' AND subject > :'tenant' || '/' AND subject < :'tenant' || '0'
"""
CUTS = "SELECT json_build_object(segment, max(as_of)) FROM population_results WHERE tenant = :'tenant' GROUP BY segment"


def canonical(value: object) -> str:
    """JSON without spaces, keys by code point, numbers as plain decimals, text unescaped."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("-0", "") else text
    return json.dumps(value, ensure_ascii=False)


def parsed(line: str) -> dict:
    return json.loads(line, parse_float=Decimal, parse_int=Decimal)


def rows(store: str, tenant: str, query: str) -> list[dict]:
    command = ["psql", store, "-XAtq", "-v", "ON_ERROR_STOP=1", "-v", f"tenant={tenant}", "-f", "-"]
    done = subprocess.run(command, input=query, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"error: store does not answer: {done.stderr.strip()[:200]}\nnext: is the instance up?", file=sys.stderr)
        sys.exit(4)
    return [parsed(line) for line in done.stdout.splitlines()]


def folded(path: str, without: tuple[str, ...] = ()) -> list[dict]:
    made = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        value = parsed(line)
        for name in without:
            value.pop(name, None)
        made.append(value)
    return made


def keyed(values: list[dict], keys: tuple[str, ...]) -> dict[tuple, str]:
    return {tuple(str(value[key]) for key in keys): canonical(value) for value in values}


def explain(store: str | None, fold: str | None) -> str:
    """Both lines; of subjects only what differs."""
    if store is None or fold is None:
        return f"store {(store or 'nothing')[:300]}, fold {(fold or 'nothing')[:300]}"
    ours, theirs = parsed(store), parsed(fold)
    parts = []
    for name in sorted(set(ours) | set(theirs)):
        left, right = ours.get(name), theirs.get(name)
        if isinstance(left, dict) and isinstance(right, dict):
            parts += [f"{name}.{key}: store {canonical(left.get(key))}, fold {canonical(right.get(key))}"
                      for key in sorted(set(left) | set(right)) if canonical(left.get(key)) != canonical(right.get(key))]
        elif canonical(left) != canonical(right):
            parts.append(f"{name}: store {canonical(left)}, fold {canonical(right)}")
    return "; ".join(parts[:6])


def compare(name: str, store: list[dict], fold: list[dict], keys: tuple[str, ...], show: int) -> int:
    ours, theirs = keyed(store, keys), keyed(fold, keys)
    differing = [key for key in sorted(set(ours) | set(theirs)) if ours.get(key) != theirs.get(key)]
    for key in differing[:show]:
        print(f"differs: {name} {' '.join(key)}: {explain(ours.get(key), theirs.get(key))}")
    print(f"{name}: {len(ours)} lines in the store, {len(theirs)} in the fold, {len(differing)} differ")
    if not theirs:
        print(f"differs: {name}: the fold is empty, nothing was compared")
    return len(differing) + (not theirs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--state")
    parser.add_argument("--funnels")
    parser.add_argument("--segments")
    parser.add_argument("--population", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--cuts", action="store_true", help="only print the newest cut of each population segment")
    parser.add_argument("--show", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.cuts:
        for row in rows(chosen.store, chosen.tenant, CUTS):
            for segment, instant in row.items():
                print(segment, instant.replace("+00:00", "Z"))
        return 0
    faults = 0
    if chosen.state:
        store = rows(chosen.store, chosen.tenant, STATE)
        faults += compare("state", store, folded(chosen.state), ("subject",), chosen.show)
    if chosen.funnels:
        store = rows(chosen.store, chosen.tenant, FUNNELS)
        faults += compare("funnels", store, folded(chosen.funnels, ("revision",)), ("subject", "funnel", "day"), chosen.show)
    populations = dict(pair.split("=", 1) for pair in chosen.population)
    cut = {segment for row in rows(chosen.store, chosen.tenant, CUTS) for segment in row}
    if chosen.segments:
        ours = rows(chosen.store, chosen.tenant, SEGMENTS)
        faults += compare("segments", [each for each in ours if each["segment"] not in cut],
                          [each for each in folded(chosen.segments) if each["segment"] not in cut],
                          ("subject", "segment"), chosen.show)
        for name, path in populations.items():
            store = [{"subject": each["subject"]} for each in ours if each["segment"] == name]
            fold = [{"subject": each["subject"]} for each in folded(path) if each["segment"] == name]
            faults += compare(f"population {name}", store, fold, ("subject",), chosen.show)
    return 3 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
