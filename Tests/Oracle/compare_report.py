#!/usr/bin/env python3
"""Compares a fold of the demonstration with the SQL report: `compare_report.py --state F --funnels F --segments F`.

Or compares a running instance with it: `--report F`, what `hearth report --json F` wrote.
The files are what `hearth fold` (or oracle.py) gives for `demo_events.py`, or any export of the same form. Prints one
line a compared figure that differs and the number of figures compared; exit 3 when any differs.
"""

import argparse
import collections
import json
import pathlib
import sys
from decimal import Decimal

FOLDER = pathlib.Path(__file__).resolve().parent


def lines(path: str):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


def text(value) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def from_state(path: str) -> dict:
    counts: dict = {
        "member": collections.defaultdict(collections.Counter),
        "community": collections.defaultdict(collections.Counter),
    }
    figures = {"members": 0, "communities": 0, "orders": 0, "members_with_orders": 0, "revenue": Decimal(0)}
    scores = {"loyalty": [], "satisfaction": []}
    for line in lines(path):
        kind = line["subject"].split("/")[0]
        figures["members" if kind == "member" else "communities"] += 1
        for tag, held in line["tags"].items():
            counts[kind][tag][text(held["value"])] += 1
        if kind == "member":
            figures["orders"] += int(line["metrics"]["orders"])
            figures["members_with_orders"] += int(line["metrics"]["orders"]) > 0
            figures["revenue"] += Decimal(line["metrics"]["spend"])
            for name, values in scores.items():
                values.append(line["tags"][name]["value"])
    known = [value for value in scores["satisfaction"] if value is not None]
    figures["revenue"] = str(figures["revenue"].normalize())
    figures["scores"] = {
        "loyalty_at_or_over_cut": sum(value >= 60 for value in scores["loyalty"]),
        "loyalty_sum": str(sum(scores["loyalty"])),
        "satisfaction_at_or_over_cut": sum(value >= 86 for value in known),
        "satisfaction_sum": str(sum(known)),
        "satisfaction_null": len(scores["satisfaction"]) - len(known),
    }
    figures["tags"] = {
        kind: {tag: dict(values) for tag, values in tags.items() if tag not in scores} for kind, tags in counts.items()
    }
    return figures


def from_funnels(path: str) -> dict:
    found = list(lines(path))
    by: dict = collections.defaultdict(lambda: [0, 0])
    for entry in found:
        by[entry["breakdown"]][0] += 1
        by[entry["breakdown"]][1] += entry["level"] == 2
    status = collections.Counter(entry["status"] for entry in found)
    return {
        "funnels": {
            "campaign_path": {
                "entries": [len(found), sum(entry["level"] == 2 for entry in found)],
                "members": [
                    len({entry["subject"] for entry in found}),
                    len({entry["subject"] for entry in found if entry["level"] == 2}),
                ],
                "status": {name: status[name] for name in ("converted", "open", "dropped")},
                "by_campaign": dict(by),
            }
        }
    }


def from_segments(path: str) -> dict:
    counts = collections.Counter(line["segment"] for line in lines(path))
    return {"segments": {name: counts[name] for name in ("silent_vip", "super")}}


def differences(expected, got, at: str = "") -> tuple[int, list[str]]:
    """Number of figures compared, and a line for each that differs; what is not in `got` is not compared."""
    if isinstance(expected, dict) and isinstance(got, dict):
        total, faults = 0, []
        for key in sorted(set(expected) | (set(got) if at else set())):
            if not at and key not in got:
                continue
            count, found = differences(expected.get(key), got.get(key), f"{at}/{key}")
            total, faults = total + count, faults + found
        return total, faults
    return 1, [] if expected == got else [f"{at}: expected {expected}, got {got}"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expected", default=str(FOLDER / "expected-report.json"))
    parser.add_argument("--state")
    parser.add_argument("--funnels")
    parser.add_argument("--segments")
    parser.add_argument("--report", help="the file of `hearth report --json`, of a tenant or a page")
    parser.add_argument("--tenant", default="complete-journey", help="whose figures of a page are compared")
    arguments = parser.parse_args()
    got: dict = {}
    for path, read in (
        (arguments.state, from_state),
        (arguments.funnels, from_funnels),
        (arguments.segments, from_segments),
    ):
        if path:
            got.update(read(path))
    if arguments.report:
        got = json.loads(pathlib.Path(arguments.report).read_text(encoding="utf-8"))
        if "tenants" in got:
            got = got["tenants"][arguments.tenant]
    expected = json.loads(pathlib.Path(arguments.expected).read_text(encoding="utf-8"))
    count, faults = differences(expected, got)
    for fault in faults:
        print(fault)
    print(f"{count} figures compared, {len(faults)} differ")
    return 3 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
