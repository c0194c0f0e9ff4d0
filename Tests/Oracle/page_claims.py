#!/usr/bin/env python3
"""The page's conclusions about the simulated brand, drawn a second way: from a fold's files and the events alone.

    Tests/Oracle/page_claims.py --hearth HEARTH --report page.json       # are the page's conclusions these?
    Tests/Oracle/page_claims.py --hearth HEARTH --seeds 1-20             # planted: is each one found, and no other?
    Tests/Oracle/page_claims.py --hearth HEARTH --seeds 1-20 --nothing   # nothing planted: is anything claimed?

The rule is the page's own, written again by hand: all tests of a section counted, a claim needs p < 0.01 ÷ their number.
"""

import argparse
import collections
import datetime
import itertools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TENANT = "mother-and-baby-simulated"
PLAYBOOK = ROOT / "services" / "demo" / "brand" / "playbook"
UNTIL = "2026-03-31T16:00:00Z"
ZONE = datetime.timezone(datetime.timedelta(hours=8))  # Shanghai has had no other since 1991
WITHIN = datetime.timedelta(hours=72)
PERIOD = datetime.timedelta(days=7)
ERROR, EXPECTED, PART, BROKEN, COOLING = 0.01, 5, 30, 0.5, 0.7
STEPS = ("followed", "contact", "joined", "paid", "referred")
GOAL = STEPS.index("paid") + 1
BEHAVIOURS = ("programme_introduced", "programme_lesson")
# What is planted, and what a page says of it.
KINDS = {"broken_step", "best_part", "cooling", "behaviour"}

Pair = tuple[int, int]


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def p_value(first: Pair, second: Pair) -> tuple[float, float] | None:
    """z and p of two proportions; nothing where fewer than five are expected in a cell."""
    whole = first[1] + second[1]
    if not first[1] or not second[1]:
        return None
    pooled = (first[0] + second[0]) / whole
    least = min(first[1], second[1])
    if least * pooled < EXPECTED or least * (1 - pooled) < EXPECTED:
        return None
    z = (first[0] / first[1] - second[0] / second[1]) / math.sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    return z, math.erfc(abs(z) / math.sqrt(2))


class Section:
    def __init__(self, funnels: list[dict], state: list[dict], events: list[dict]) -> None:
        self.entries = [entry for entry in funnels if entry["status"] != "withdrawn"]
        self.state = state
        self.events = events
        self.until = moment(UNTIL)
        self.ranked: dict[str, list[tuple[str, Pair]]] = {}
        self.tests: list[tuple[tuple, Pair, Pair, float, float]] = []

    def compare(self, question: tuple, first: Pair, second: Pair) -> None:
        found = p_value(first, second)
        if found:
            self.tests.append((question, first, second, *found))

    def days(self) -> None:
        reached: dict[tuple, bool] = {}
        for entry in self.entries:
            if entry["funnel"] != "path":
                continue
            times = [time and moment(time) for time in entry["times"]]
            for step, (now, following) in enumerate(itertools.pairwise(times)):
                if now and now <= self.until - WITHIN:
                    key = (entry["subject"], step, now)
                    reached[key] = reached.get(key, False) or bool(following and following - now <= WITHIN)
        by: dict[int, dict[datetime.date, list[bool]]] = collections.defaultdict(lambda: collections.defaultdict(list))
        for (_, step, now), moved in reached.items():
            by[step][now.astimezone(ZONE).date()].append(moved)
        for step, days in by.items():
            whole = sum(len(moved) for moved in days.values())
            came = sum(sum(moved) for moved in days.values())
            for day, moved in days.items():
                first = (sum(moved), len(moved))
                self.compare(("day", STEPS[step + 1], str(day)), first, (came - first[0], whole - first[1]))

    def parts(self, funnel: str, goal: int) -> None:
        best: dict[str, tuple] = {}
        for entry in self.entries:
            if entry["funnel"] == funnel:
                rank = (entry["level"], entry["day"], entry["breakdown"])
                best[entry["subject"]] = max(best.get(entry["subject"], rank), rank, key=lambda one: one[:2])
        counts: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
        for level, _, value in best.values():
            if value is not None:
                value = str(value).lower() if isinstance(value, bool) else value
                counts[value][0] += level >= goal
                counts[value][1] += 1
        ranked = sorted(
            (value for value in counts if counts[value][1] >= PART),
            key=lambda value: (-counts[value][0] / counts[value][1], value),
        )
        whole = [sum(counts[value][place] for value in ranked) for place in (0, 1)]
        # Of two parts the one against the other is the same test twice.
        for value in ranked[:1] if len(ranked) == 2 else ranked:
            came, began = counts[value]
            self.compare(("part", funnel, value), (came, began), (whole[0] - came, whole[1] - began))
        self.ranked[funnel] = [(value, tuple(counts[value])) for value in ranked]

    def activity(self) -> dict[str, bool]:
        periods: dict[str, tuple[set, set]] = {}
        tagged: dict[str, bool] = {}
        for line in self.state:
            kind, name = line["subject"].split("/")
            if kind == "community":
                periods[name] = (set(), set())
                tagged[name] = line["tags"]["cooling"]["value"] is True
        for event in self.events:
            if event["type"] != "message.posted" or not event["subject"].startswith("member/"):
                continue
            time = moment(event["time"])
            age = self.until - time
            if event["community"] in periods and datetime.timedelta() <= age < 2 * PERIOD:
                periods[event["community"]][age >= PERIOD].add((event["subject"], time.astimezone(ZONE).date()))
        shares = {name: (len(now), len(now) + len(before)) for name, (now, before) in periods.items()}
        now, whole = (sum(share[place] for share in shares.values()) for place in (0, 1))
        for name, share in shares.items():
            self.compare(("community", name), share, (now - share[0], whole - share[1]))
        return tagged

    def findings(self) -> dict[str, list]:
        self.days()
        self.parts("path", GOAL)
        for name in BEHAVIOURS:
            self.parts(name, 2)
        tagged = self.activity()
        bound = ERROR / max(1, len(self.tests))
        claims = [test for test in self.tests if test[4] < bound]
        found: dict[str, list] = {kind: [] for kind in sorted(KINDS)}
        for question, first, second, z, _ in claims:
            if question[0] == "day" and first[0] / first[1] <= BROKEN * second[0] / second[1]:
                found["broken_step"].append(question[1:])
            if question[0] == "community" and tagged[question[1]]:
                now, before = first[0] / (first[1] - first[0]), second[0] / (second[1] - second[0])
                if now <= COOLING * before:
                    found["cooling"].append(question[1])
        winners = {question[1:]: z for question, *_, z, _ in claims if question[0] == "part"}
        for funnel, ranked in self.ranked.items():
            if len(ranked) < 2 or winners.get((funnel, ranked[0][0]), 0) <= 0:
                continue
            # Two that are about as good: neither is the best.
            against = p_value(ranked[0][1], ranked[1][1])
            if not against or against[1] >= ERROR:
                continue
            if funnel == "path":
                found["best_part"].append(ranked[0][0])
            elif ranked[0][0] == "true":
                found["behaviour"].append(funnel)
        found["broken_step"].sort()
        return found


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def section(hearth: str, events: pathlib.Path) -> Section:
    def fold(emit: str) -> list[dict]:
        command = [hearth, "fold", "--playbook", str(PLAYBOOK), "--events", str(events), "--until", UNTIL, "--emit", emit]
        return lines(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return Section(fold("funnels"), fold("state"), lines(events.read_text(encoding="utf-8")))


def simulated(hearth: str, simulate: str, seed: int, nothing: bool) -> tuple[dict[str, list], int]:
    with tempfile.TemporaryDirectory() as folder:
        events = pathlib.Path(folder, "events.ndjson")
        plant = ["--plant", "none"] if nothing else []
        command = [simulate, "simulate", "--seed", str(seed), *plant, "--output", str(events)]
        subprocess.run(command, capture_output=True, check=True)
        one = section(hearth, events)
        return one.findings(), len(one.tests)


def truths(simulate: str, seed: int, nothing: bool) -> dict[str, list]:
    """What was planted, as the simulation tells it, in the words of a page."""
    expected: dict[str, list] = {kind: [] for kind in sorted(KINDS)}
    if nothing:
        return expected
    command = [simulate, "simulate", "--seed", str(seed), "--truths", "--json"]
    for truth in lines(subprocess.run(command, capture_output=True, text=True, check=True).stdout):
        match truth["name"]:
            case "broken_step":
                first, last = (datetime.date.fromisoformat(truth[name]) for name in ("from", "to"))
                days = (first + datetime.timedelta(days=day) for day in range((last - first).days + 1))
                expected["broken_step"] = [(truth["step"], str(day)) for day in days]
            case "cooling_community":
                expected["cooling"] = [truth["community"]]
            case "best_channel":
                expected["best_part"] = [truth["channel"]]
            case "helpful_behaviour":
                expected["behaviour"] = [truth["funnel"]]
    return expected


def of_page(path: str) -> tuple[dict[str, list], int]:
    tenant = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["tenants"][TENANT]
    found: dict[str, list] = {kind: [] for kind in sorted(KINDS)}
    for finding in tenant["findings"]:
        kind, about = finding["kind"], finding["about"]
        if kind == "broken_step":
            found[kind] += [(about[0], day) for day in about[1:]]
        elif kind in found:
            found[kind].append(about[0])
    found["broken_step"].sort()
    return found, tenant["tests"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hearth", required=True)
    parser.add_argument("--simulate", help="another build of hearth for the simulation")
    parser.add_argument("--report", help="of `hearth report --page … --json`")
    parser.add_argument("--events", default=str(ROOT / ".hearth" / "brand.ndjson"), help="with --report: its events")
    parser.add_argument("--seeds", default="1-20")
    parser.add_argument("--nothing", action="store_true", help="with nothing planted")
    arguments = parser.parse_args()
    if arguments.report:
        ours = section(arguments.hearth, pathlib.Path(arguments.events))
        expected = (ours.findings(), len(ours.tests))
        got = of_page(arguments.report)
        if expected != got:
            print(f"expected {expected}\ngot      {got}")
        print(f"{expected[1]} tests, conclusions {'as' if expected == got else 'NOT as'} on the page: {expected[0]}")
        return 0 if expected == got else 3
    first, _, last = arguments.seeds.partition("-")
    wrong = 0
    seeds = range(int(first), int(last or first) + 1)
    for seed in seeds:
        found, tests = simulated(arguments.hearth, arguments.simulate or arguments.hearth, seed, arguments.nothing)
        expected = truths(arguments.simulate or arguments.hearth, seed, arguments.nothing)
        right = found == expected
        wrong += not right
        print(f"seed {seed}: {tests} tests, {'as planted' if right else f'WRONG, planted {expected}'}: {found}")
    print(f"{len(seeds)} seeds, {wrong} wrong")
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
