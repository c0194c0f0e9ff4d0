"""Events of a file: reading, accepting, copies for communities."""

import collections
import json
from dataclasses import dataclass
from decimal import Decimal

from .values import NumberFault, Time, accepted_number, instant

LATENESS = 72 * 3_600_000
AHEAD = 5 * 60_000
ENVELOPE = ("member", "community", "channel", "operator")


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    time: Time
    received: Time
    actor: str
    subject: str
    community: str | None
    channel: str | None
    operator: str | None
    data: dict

    @property
    def key(self) -> tuple[int, bytes]:
        """Order by (time, id), ids by their bytes."""
        return (self.time.ms, self.id.encode())

    def field(self, name: str) -> object:
        """An envelope word stands before a field of `data` with that name."""
        if name == "member" and self.subject.startswith("member/"):
            return self.subject.removeprefix("member/")
        if name == "community":
            if self.subject.startswith("community/"):
                return self.subject.removeprefix("community/")
            if self.community is not None:
                return self.community
        if name == "channel" and self.channel is not None:
            return self.channel
        if name == "operator" and self.operator is not None:
            return self.operator
        return self.data.get(name)


def numbers_within(value: object) -> None:
    """Raises for a number that is not one of ours, at any depth."""
    if isinstance(value, Decimal):
        accepted_number(value)
    elif isinstance(value, list):
        for item in value:
            numbers_within(item)
    elif isinstance(value, dict):
        for item in value.values():
            numbers_within(item)


def parse(line: str) -> Event:
    raw = json.loads(line, parse_float=Decimal, parse_int=Decimal)
    time = instant(raw["time"])
    return Event(
        id=raw["id"],
        type=raw["type"],
        time=time,
        received=instant(raw["receivedat"]) if "receivedat" in raw else time,
        actor=raw.get("actor", "member"),
        subject=raw["subject"],
        community=raw.get("community"),
        channel=raw.get("channel"),
        operator=raw.get("operator"),
        data=raw.get("data", {}),
    )


def judged(event: Event) -> str | None:
    """Class of the dead letter, or None for an event that is accepted."""
    try:
        numbers_within(event.data)
    except NumberFault:
        return "number"
    if event.received.ms - event.time.ms > LATENESS:
        return "late"
    if event.time.ms > event.received.ms + AHEAD:
        return "future"
    return None


def accept(lines, until: Time | None):
    """Returns (events by subject, T, rejects by class); subjects are `member/…` and `community/…`.

    What was received after `until` is not read. An event that names a community stands under the community as well; a
    copy of one already accepted for that subject is left out there. What is dated after T is not visible yet; a subject
    of which nothing else is known stands with an empty list.
    """
    rejects = collections.Counter()
    subjects: dict[str, dict[str, Event]] = {}
    clock = None
    for line in lines:
        if not line.strip():
            continue
        event = parse(line)
        if until is not None and event.received > until:
            continue
        fault = judged(event)
        if fault is not None:
            rejects[fault] += 1
            continue
        clock = event.received if clock is None else max(clock, event.received)
        places = []
        if event.subject.startswith(("member/", "community/")):
            places.append(event.subject)
        if event.community is not None and not event.subject.startswith("community/"):
            places.append("community/" + event.community)
        for place in places:
            if event.id in subjects.setdefault(place, {}):
                rejects["duplicate"] += 1
            else:
                subjects[place][event.id] = event
    now = until if until is not None else clock
    visible = {}
    for subject, events in subjects.items():
        visible[subject] = sorted(
            (event for event in events.values() if event.time <= now), key=lambda event: event.key
        )
    return visible, now, rejects
