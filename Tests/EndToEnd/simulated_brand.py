#!/usr/bin/env python3
"""Checks `hearth simulate`: `simulated_brand.py HEARTH [--seeds 1-20] [--planted 6] [--fold]`.

Recomputes from the file of events, without Hearth, what a person would look for, and holds it against `--truths`:

* the first seed's events are valid against `schemas/`, sorted, unique, and the same when made twice;
* with everything planted each truth stands out, and nothing else does, over the first `--planted` seeds;
* with nothing planted no test says anything, over all seeds.

A claim needs a z of 4 or more (two proportions, pooled), and a chance of less than 0.001 after Bonferroni over all
comparisons of its kind by Fisher's exact test, as counts of one day are small. A community cools by the rule of the
playbook, at the end of any day from the fourteenth on. `--fold` also sets the fold of the first seed by
`services/demo/brand/playbook` against the same counts. Exit 1 when a check fails; the last line counts.
"""

import argparse
import collections
import datetime
import json
import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

import jsonschema  # noqa: E402

PLAYBOOK = ROOT / "services" / "demo" / "brand" / "playbook"
TENANT = "mother-and-baby-simulated"
EVENTS_MAX = 120_000
Z_MIN = 4.0
CHANCE_MAX = 0.001
PATH_WINDOW = 14 * 86_400
PROGRAMME_WINDOW = 10 * 86_400
ZONE = datetime.timezone(datetime.timedelta(hours=8))
BEHAVIOURS = ("introduced", "took_lesson")


# ---- Statistics -----------------------------------------------------------------------------------------------------


def z_of(hits, total, other_hits, other_total):
    """Two proportions, pooled; 0 where it says nothing."""
    if total == 0 or other_total == 0:
        return 0.0
    pooled = (hits + other_hits) / (total + other_total)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / total + 1 / other_total))
    return 0.0 if spread == 0 else (hits / total - other_hits / other_total) / spread


def chance_of(hits, total, other_hits, other_total):
    """One-sided tail of Fisher's exact test, in the direction in which `hits` lies."""
    drawn, all_hits, everything = total, hits + other_hits, total + other_total
    low, high = max(0, drawn - (everything - all_hits)), min(drawn, all_hits)
    is_above = hits * everything >= drawn * all_hits

    def log_choose(n, k):
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    whole = log_choose(everything, drawn)
    tail = range(hits, high + 1) if is_above else range(low, hits + 1)
    return sum(math.exp(log_choose(all_hits, k) + log_choose(everything - all_hits, drawn - k) - whole) for k in tail)


def claims(groups):
    """Groups (name → (hits, total)) that stand out from all others together: name → z."""
    found = {}
    hits, total = (sum(group[i] for group in groups.values()) for i in (0, 1))
    for name, (own, of) in groups.items():
        rest = (hits - own, total - of)
        z = z_of(own, of, *rest)
        if abs(z) >= Z_MIN and chance_of(own, of, *rest) * len(groups) <= CHANCE_MAX:
            found[name] = z
    return found


# ---- What the events say --------------------------------------------------------------------------------------------


class Brand:
    """Counts of one file of events."""

    def __init__(self, lines):
        self.steps = {}  # member → times of followed, contact, joined
        self.channel = {}
        self.orders = collections.defaultdict(list)
        self.first_checkin, self.did = {}, collections.defaultdict(dict)
        self.talk = collections.defaultdict(collections.Counter)  # community → day → messages of members
        self.kind = {}
        self.days = []
        for line in lines:
            self.read(json.loads(line))

    def read(self, event):
        kind, data = event["type"], event["data"]
        time = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
        at, day = time.timestamp(), time.astimezone(ZONE).date()
        member = event["subject"].split("/", 1)[1]
        if kind == "account.followed":
            self.steps[member] = {"followed": at, "day": day}
            self.channel[member] = event["channel"]
        elif kind in ("contact.added", "community.joined") and member in self.steps:
            self.steps[member].setdefault("contact" if kind == "contact.added" else "joined", at)
        elif kind == "order.paid":
            self.orders[member].append(at)
        elif kind == "checkin.done" and data["day"] == 1:
            assert member not in self.first_checkin, f"{member} has two first days"
            self.first_checkin[member] = at
        elif kind == "keyword.sent" and data["keyword"] == "报到":
            self.did[member].setdefault("introduced", at)
        elif kind == "lesson.attended" and data["lesson"] == "opening":
            self.did[member].setdefault("took_lesson", at)
        elif kind == "message.posted" and event["actor"] == "member":
            self.talk[event["community"]][day] += 1
        elif kind == "community.created":
            self.kind[member] = data["kind"]
        elif kind == "channel.exposed" and data["day"] not in self.days:
            self.days.append(data["day"])

    def path_by_day(self, step, before):
        """(day → (who got to `step`, who was at `before`))."""
        groups = collections.defaultdict(lambda: [0, 0])
        for times in self.steps.values():
            if before in times:
                groups[times["day"].isoformat()][1] += 1
                groups[times["day"].isoformat()][0] += step in times
        return {day: tuple(counts) for day, counts in groups.items()}

    def paid(self, member):
        """Whether a member of the path paid in time, after joining."""
        times = self.steps[member]
        return "joined" in times and any(
            times["joined"] < at <= times["followed"] + PATH_WINDOW for at in self.orders[member]
        )

    def paid_by_channel(self):
        groups = collections.defaultdict(lambda: [0, 0])
        for member in self.steps:
            groups[self.channel[member]][1] += 1
            groups[self.channel[member]][0] += self.paid(member)
        return {channel: tuple(counts) for channel, counts in groups.items()}

    def paid_by_behaviour(self, behaviour):
        groups = {True: [0, 0], False: [0, 0]}
        for member, at in self.first_checkin.items():
            group = groups[self.did[member].get(behaviour, math.inf) <= at]
            group[1] += 1
            group[0] += any(at < order <= at + PROGRAMME_WINDOW for order in self.orders[member])
        return {did: tuple(counts) for did, counts in groups.items()}

    def cooling(self):
        """Communities that the playbook's rule calls cooling at the end of a day, from the fourteenth on."""
        found = collections.defaultdict(list)
        days = [datetime.date.fromisoformat(day) for day in self.days]
        for community, talk in self.talk.items():
            if self.kind[community] == "flash":
                continue
            for last in range(13, len(days)):
                now = sum(talk[day] for day in days[last - 6 : last + 1])
                before = sum(talk[day] for day in days[last - 13 : last - 6])
                if before >= 50 and now < 0.5 * before:
                    found[community].append(days[last].isoformat())
        return found

    def findings(self):
        """Everything that stands out, by the names of the truths."""
        broken = {}
        by_step = {step: self.path_by_day(step, before) for step, before in (("contact", "followed"), ("joined", "contact"))}
        both = sum(len(groups) for groups in by_step.values())
        for step, groups in by_step.items():
            for day, z in claims(groups).items():
                own = groups[day]
                rest = tuple(sum(group[i] for group in groups.values()) - own[i] for i in (0, 1))
                if z < 0 and chance_of(*own, *rest) * both <= CHANCE_MAX:
                    broken.setdefault(step, {})[day] = z
        helpful = {}
        for behaviour in BEHAVIOURS:
            found = claims(self.paid_by_behaviour(behaviour))
            if found:
                helpful[behaviour] = found[True]
        return {
            "broken_step": broken,
            "best_channel": {name: z for name, z in claims(self.paid_by_channel()).items() if z > 0},
            "helpful_behaviour": helpful,
            "cooling_community": dict(self.cooling()),
        }


# ---- Checks ---------------------------------------------------------------------------------------------------------


class Checks:
    passed = failed = 0

    def expect(self, holds, text):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print(f"FAILED: {text}", file=sys.stderr)


def simulate(hearth, *arguments):
    run = subprocess.run([hearth, "simulate", *arguments], capture_output=True, check=True)
    return run.stdout


def validators():
    """Type → validator of the envelope with that type's `data`."""
    found = {}
    envelope = json.loads((ROOT / "schemas/cloudevent.schema.json").read_text(encoding="utf-8"))
    for path in (ROOT / "schemas/events").glob("*.schema.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        whole = {**envelope, "properties": {**envelope["properties"], "data": schema}}
        found[path.name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(whole)
    return found


def check_form(checks, raw):
    lines = raw.splitlines()
    known = validators()
    last, subjects = ("", ""), set()
    faults = collections.Counter()
    for line in lines:
        event = json.loads(line)
        validator = known.get(event["type"])
        if validator is None or not validator.is_valid(event):
            faults["invalid " + event["type"]] += 1
        key = (event["time"], event["id"])
        faults["unsorted"] += key <= last
        faults["doubled id"] += event["id"] in subjects
        faults["another tenant"] += event["tenant"] != TENANT
        faults["not labelled"] += event["source"] != "hearth/simulate"
        faults["text of a message"] += "text" in event["data"]
        faults["not received when it happened"] += event["receivedat"] != event["time"]
        last = key
        subjects.add(event["id"])
    faults = {name: count for name, count in faults.items() if count}
    checks.expect(not faults, f"form of events: {faults}")
    checks.expect(50_000 <= len(lines) <= EVENTS_MAX, f"50,000 to {EVENTS_MAX} events, got {len(lines)}")
    print(f"{len(lines)} events of {len({json.loads(line)['type'] for line in lines})} types are valid")


def truths_of(hearth, seed):
    lines = simulate(hearth, "--seed", str(seed), "--truths", "--json").splitlines()
    return {truth["name"]: truth for truth in map(json.loads, lines)}


def check_planted(checks, seed, brand, truths):
    found = brand.findings()
    step, channel = truths["broken_step"], truths["best_channel"]
    first, last = (datetime.date.fromisoformat(step[end]) for end in ("from", "to"))
    days = {(first + datetime.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)}
    checks.expect(len(days) == 3, f"seed {seed}: three days, got {sorted(days)}")
    got = {name: set(of) for name, of in found["broken_step"].items()}
    checks.expect(got == {step["step"]: days}, f"seed {seed}: broken {step['step']} on {sorted(days)}, found {got}")
    checks.expect(set(found["best_channel"]) == {channel["channel"]}, f"seed {seed}: best {channel}, found {found}")
    helpful = truths["helpful_behaviour"]["behaviour"]
    checks.expect(set(found["helpful_behaviour"]) == {helpful}, f"seed {seed}: {helpful} helps, found {found}")
    community = truths["cooling_community"]["community"]
    cooling = found["cooling_community"]
    checks.expect(set(cooling) == {community}, f"seed {seed}: {community} cools, found {cooling}")
    checks.expect(brand.days[-1] in cooling.get(community, []), f"seed {seed}: {community} cools to the end")
    weakest = max(found["broken_step"].get(step["step"], {"": 0}).values())
    return weakest, found["best_channel"].get(channel["channel"], 0), found["helpful_behaviour"].get(helpful, 0)


def check_fold(checks, hearth, raw, brand, truths, folder):
    """The fold says the same as the counts made here."""
    path = pathlib.Path(folder) / "brand.ndjson"
    path.write_bytes(raw)

    def fold(emit):
        command = [hearth, "fold", "--playbook", str(PLAYBOOK), "--events", str(path), "--emit", emit]
        run = subprocess.run(command, capture_output=True, check=True)
        checks.expect(not run.stderr, f"fold rejects nothing, got {run.stderr[:200]!r}")
        return [json.loads(line) for line in run.stdout.splitlines()]

    entries = fold("funnels")
    path_entries = [entry for entry in entries if entry["funnel"] == "path"]
    checks.expect(len(path_entries) == len(brand.steps), "one entry of the path for each follower")
    for step, level, before in (("contact", 2, "followed"), ("joined", 3, "contact")):
        groups = collections.defaultdict(lambda: [0, 0])
        for entry in path_entries:
            groups[entry["day"]][1] += entry["level"] >= level - 1
            groups[entry["day"]][0] += entry["level"] >= level
        folded = {day: tuple(counts) for day, counts in groups.items() if counts[1]}
        checks.expect(folded == brand.path_by_day(step, before), f"{step} by day as in the fold")
    broken = truths["broken_step"]
    names = {"introduced": "programme_introduced", "took_lesson": "programme_lesson"}
    for behaviour in BEHAVIOURS:
        groups = {True: [0, 0], False: [0, 0]}
        for entry in entries:
            if entry["funnel"] == names[behaviour]:
                group = groups[entry["breakdown"] == "true"]
                group[1] += 1
                group[0] += entry["level"] == 2
        folded = {did: tuple(counts) for did, counts in groups.items()}
        checks.expect(folded == brand.paid_by_behaviour(behaviour), f"{behaviour} as in the fold: {folded}")
    state = {line["subject"]: line for line in fold("state")}
    cooling = {name for name, line in state.items() if line["tags"].get("cooling", {}).get("value") is True}
    checks.expect(cooling == {"community/" + truths["cooling_community"]["community"]}, f"cooling in the fold: {cooling}")
    alarms = {name for name, line in state.items() if line["tags"].get("lively_not_buying", {}).get("value") is True}
    checks.expect(not alarms, f"nobody is lively without buying, got {alarms}")
    told = truths["followed_member"]
    tags = state["member/" + told["member"]]["tags"]
    checks.expect(tags["silent"]["value"] is True, "the followed member is silent")
    due = datetime.datetime.fromisoformat(tags["silent"]["since"].replace("Z", "+00:00")).astimezone(ZONE)
    checks.expect(due.hour >= 23 or due.hour < 8, f"her recall falls into quiet hours, got {due}")
    quadrants = collections.Counter(line["tags"]["quadrant"]["value"] for line in state.values() if "quadrant" in line["tags"])
    checks.expect(min(quadrants[name] for name in ("loyal", "bargain", "demand", "low_demand")) >= 30, f"{quadrants}")
    print(f"fold: {len(entries)} entries, {broken['step']} broken, {sorted(cooling)} cooling, {dict(quadrants)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hearth", help="the program")
    parser.add_argument("--seeds", default="1-20", help="seeds, FROM-TO")
    parser.add_argument("--planted", type=int, default=6, help="of them, from the first: with everything planted too")
    parser.add_argument("--fold", action="store_true", help="also fold the first seed")
    chosen = parser.parse_args()
    first, last = (int(part) for part in chosen.seeds.split("-"))
    checks = Checks()
    zs = []
    for seed in range(first, last + 1):
        if seed - first < max(1, chosen.planted):
            raw = simulate(chosen.hearth, "--seed", str(seed), "--output", "-")
            truths, brand = truths_of(chosen.hearth, seed), Brand(raw.splitlines())
            zs.append(check_planted(checks, seed, brand, truths))
        if seed == first:
            checks.expect(simulate(chosen.hearth, "--seed", str(seed), "--output", "-") == raw, "the same bytes twice")
            check_form(checks, raw)
            if chosen.fold:
                with tempfile.TemporaryDirectory() as folder:
                    check_fold(checks, chosen.hearth, raw, brand, truths, folder)
        empty = Brand(simulate(chosen.hearth, "--seed", str(seed), "--plant", "none", "--output", "-").splitlines())
        found = {name: what for name, what in empty.findings().items() if what}
        checks.expect(not found, f"seed {seed}: nothing planted, found {found}")
    for name, column, best in zip(("broken step", "best channel", "behaviour"), zip(*zs), (max, min, min)):
        print(f"{name}: weakest z {best(column):.1f}")
    print(f"{checks.passed} checks passed, {checks.failed} failed, seeds {chosen.seeds}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
