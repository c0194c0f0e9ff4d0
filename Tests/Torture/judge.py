"""The judge of the fault runs: what was acknowledged against what was counted and published. No input, no output, no
clock; every rule is tried by test_judge.py with a lost and a doubled thing.
"""

import collections
import dataclasses
import hashlib
import json
from decimal import Decimal

SHOWN_MAX = 5


@dataclasses.dataclass
class Verdict:
    """Numbers of things wrong, with the first few by name (subjects and ids of generated data only)."""

    lost: int = 0
    double: int = 0
    wrong: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.lost == self.double == self.wrong == 0

    def note(self, text: str, lost: int = 0, double: int = 0, wrong: int = 0) -> None:
        self.lost, self.double, self.wrong = self.lost + lost, self.double + double, self.wrong + wrong
        if len(self.faults) < SHOWN_MAX:
            self.faults.append(text)

    def add(self, other: "Verdict") -> None:
        self.lost += other.lost
        self.double += other.double
        self.wrong += other.wrong
        self.faults = self.faults + other.faults


@dataclasses.dataclass
class Count:
    """What is known of one subject from the acknowledged events alone."""

    taken: int = 0
    weight: Decimal = Decimal(0)
    orders: int = 0
    spend: Decimal = Decimal(0)


class Acknowledged:
    """The load generator's log: every event that was answered 200 with "accepted", each once."""

    def __init__(self) -> None:
        self.events: dict[str, dict] = {}
        self.counts: dict[str, Count] = collections.defaultdict(Count)
        self.letters: dict[str, int] = {}
        self.verdict = Verdict()

    def read(self, line: bytes) -> None:
        batch = json.loads(line, parse_float=Decimal, parse_int=Decimal)
        for event in batch["events"]:
            if event["id"] in self.events:
                self.verdict.note(f"the load generator's own log holds {event['id']} twice", wrong=1)
                continue
            self.events[event["id"]] = event
            self.count(event)
        for refused in batch["refused"]:
            self.letters[refused["letter"]] = int(batch["at"])
            if refused["class"] != refused["wanted"]:
                self.verdict.note(
                    f"item {refused['id']} was refused as {refused['class']}, expected {refused['wanted']}", wrong=1)

    def count(self, event: dict) -> None:
        subjects = [event["subject"]]
        if "community" in event:
            subjects.append(f"community/{event['community']}")
        for subject in subjects:
            count = self.counts[subject]
            count.taken += 1
            count.weight += event["data"]["weight"]
            if event["type"] == "order.paid" and subject == event["subject"]:
                count.orders += 1
                count.spend += event["data"]["amount"]

    def buyers(self) -> set[str]:
        return {subject for subject, count in self.counts.items() if count.orders > 0}


def compare_counts(wanted: dict[str, Count], metrics: dict[str, dict]) -> Verdict:
    """Counts and sums by subject. Every event has a random weight: one lost and another doubled do not cancel out."""
    verdict = Verdict()
    for subject in sorted(set(wanted) | set(metrics)):
        count, held = wanted.get(subject, Count()), metrics.get(subject, {})
        taken = int(held.get("taken") or 0)
        if taken < count.taken:
            verdict.note(f"{subject}: {taken} events counted, {count.taken} acknowledged", lost=count.taken - taken)
        elif taken > count.taken:
            verdict.note(f"{subject}: {taken} events counted, {count.taken} acknowledged", double=taken - count.taken)
        elif Decimal(held.get("weight") or 0) != count.weight:
            verdict.note(f"{subject}: as many events, of another sum: one lost, one doubled", lost=1, double=1)
        if subject.startswith("member/") and taken == count.taken:
            same = int(held.get("orders") or 0) == count.orders and Decimal(held.get("spend") or 0) == count.spend
            if not same:
                verdict.note(f"{subject}: orders or spend differ", wrong=1)
    return verdict


class Followed:
    """What a subscriber counts who follows `sequence`."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str], int] = collections.defaultdict(int)
        self.seen: dict[tuple[str, str, int], bytes] = {}
        self.values: dict[str, dict[str, dict]] = {"tags": {}, "entries": {}, "segments": {}}
        self.touches: dict[str, list[str]] = collections.defaultdict(list)
        self.receipts: dict[str, list[str]] = collections.defaultdict(list)
        self.letters: dict[str, str] = {}
        self.counts: collections.Counter = collections.Counter()
        self.verdict = Verdict()

    def take(self, topic: str, key: str, message: dict) -> None:
        if topic == "hearth.deadletter.v1":
            self.counts["dead letters"] += 1
            self.letters[message["id"]] = message["data"]["class"]
            return
        sequence, place = int(message["data"]["sequence"]), (topic, key)
        mark = hashlib.sha256(json.dumps(message, sort_keys=True, default=str).encode()).digest()[:8]
        if sequence <= self.last[place]:
            self.counts["repeats"] += 1
            if self.seen.get((topic, key, sequence)) != mark:
                self.verdict.note(f"{topic} {key}: sequence {sequence} came again and says something else", double=1)
            return
        if sequence != self.last[place] + 1:
            self.verdict.note(
                f"{topic} {key}: sequence {sequence} after {self.last[place]}", lost=sequence - self.last[place] - 1)
        self.last[place] = sequence
        self.seen[topic, key, sequence] = mark
        self.counts["messages"] += 1
        self.apply(topic, key, message["type"], message["data"])

    def apply(self, topic: str, key: str, kind: str, data: dict) -> None:
        if topic == "hearth.tags.v1":
            self.values["tags"][f"{key} {data['tag']}"] = {"value": data["value"], "since": data["since"]}
        elif topic == "hearth.funnels.v1":
            entry = {name: data[name] for name in ("level", "status", "breakdown", "times")}
            self.values["entries"][f"{key} {data['funnel']} {data['day']}"] = entry
        elif topic == "hearth.segments.v1":
            place = f"{key} {data['segment']}"
            if kind == "hearth.segment.entered":
                self.values["segments"][place] = {"since": data["since"]}
            else:
                self.values["segments"].pop(place, None)
        elif topic == "hearth.touches.v1":
            self.touches[f"{data['by']} {data['step']} {key} {data['occurrence']}"].append(data["status"])
        elif topic == "hearth.deliveries.v1":
            self.receipts[data["touch"]].append(data["status"])

    def summary(self) -> dict:
        return {"counts": dict(self.counts), "lost": self.verdict.lost, "double": self.verdict.double,
                "faults": self.verdict.faults, "letters": len(self.letters)}

    def dump(self) -> dict:
        return {"summary": self.summary(), **self.values, "touches": self.touches, "receipts": self.receipts,
                "letters": self.letters}


def compare_published(followed: dict, states: list[dict], entries: list[dict], segments: list[dict],
                      tenant: str) -> Verdict:
    """What the subscriber ended with against the replay: values, entries, memberships. Not `since`, which an event that
    comes late may move without a change of value; and a value that is null was perhaps never published."""
    verdict = Verdict()
    tags = {f"{tenant}/{state['subject']} {name}": tag["value"] for state in states
            for name, tag in state["tags"].items() if tag["value"] is not None}
    told = {place: tag["value"] for place, tag in followed["tags"].items() if tag["value"] is not None}
    wanted = {f"{tenant}/{each['subject']} {each['funnel']} {each['day']}":
              {name: each[name] for name in ("level", "status", "breakdown", "times")} for each in entries}
    ended = {place: entry for place, entry in followed["entries"].items() if entry["status"] != "withdrawn"}
    members = {f"{tenant}/{each['subject']} {each['segment']}": True for each in segments}
    inside = dict.fromkeys(followed["segments"], True)
    for name, ours, theirs in (("tag", told, tags), ("entry", ended, wanted), ("segment", inside, members)):
        for place in sorted(set(ours) | set(theirs)):
            if plain(ours.get(place)) != plain(theirs.get(place)):
                verdict.note(f"{name} {place}: published {plain(ours.get(place))}, replay {plain(theirs.get(place))}",
                             wrong=1)
    return verdict


def plain(value: object) -> str:
    """One text for one value, however its numbers are written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(plain, value)) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, (int, float, Decimal)):
        number = format(Decimal(str(value)), "f")
        return number.rstrip("0").rstrip(".") if "." in number else number
    return str(value)


def judge_touches(buyers: set[str], touches: list[list[str]], receipts: dict[str, list[str]],
                  written: list[str]) -> Verdict:
    """Each buyer was thanked once; each decided touch has one receipt and stands in the file once.

    `touches`: rows (source, subject, status, id) of the store's table; `written`: the touch of each line of the file.
    """
    verdict = Verdict()
    thanked = collections.Counter(subject for source, subject, status, _ in touches
                                  if source == "journey/welcome" and status == "decided")
    for subject in sorted(buyers | set(thanked)):
        times = thanked[subject]
        if times != (subject in buyers):
            verdict.note(f"{subject}: thanked {times} times, expected {int(subject in buyers)}",
                         lost=int(times == 0), double=max(0, times - int(subject in buyers)))
    decided = {identifier for _, _, status, identifier in touches if status == "decided"}
    lines = collections.Counter(written)
    for touch in sorted(decided | set(lines) | set(receipts)):
        told = receipts.get(touch, [])
        if touch not in decided:
            verdict.note(f"touch {touch}: not in the table, yet delivered or told of", wrong=1)
        elif len(told) != 1:
            verdict.note(f"touch {touch}: {len(told)} receipts", lost=int(not told), double=max(0, len(told) - 1))
        elif told[0] == "sent" and lines[touch] != 1:
            verdict.note(f"touch {touch}: {lines[touch]} lines in the file", lost=int(lines[touch] == 0),
                         double=max(0, lines[touch] - 1))
        elif told[0] != "sent":
            verdict.note(f"touch {touch}: {told[0]}, expected sent", wrong=1)
    return verdict


def judge_letters(wanted: dict[str, int], seen: dict[str, str], outages: list[tuple[int, int]]) -> Verdict:
    """Every refused item has a dead letter. The embedded broker has no durable log and a dead letter no group that
    folds it: one that was answered while the broker was ending may have ended with it (`outages`, ms)."""
    verdict = Verdict()
    for letter, at in sorted(wanted.items()):
        if letter not in seen and not any(begun <= at <= ended for begun, ended in outages):
            verdict.note(f"dead letter {letter[:16]} of an item refused at {at} was not published", lost=1)
    return verdict
