"""Funnel entries, by trying the chains of a member one after the other."""

import itertools

from . import expressions, zones
from .events import Event
from .playbook import Funnel, Playbook
from .tags import Subject
from .values import Time, canonical


class Track:
    """A member's visible events in the order of one funnel, with the steps that each matches."""

    def __init__(self, book: Playbook, funnel: Funnel, events: list[Event], now: Time):
        self.book, self.funnel, self.now = book, funnel, now
        self.count = len(funnel.steps)
        matched = [(event, self.steps_of(event)) for event in events]
        matched.sort(key=lambda pair: (pair[0].time.ms, min(pair[1], default=self.count + 1), pair[0].id.encode()))
        self.events = [event for event, _ in matched]
        self.steps = [steps for _, steps in matched]
        self.behaviour = [is_behaviour(event) for event in self.events]
        self.excluded = [
            [place for place, event in enumerate(self.events) if matches(event, types, where)]
            for types, where, _, _ in funnel.exclusions
        ]

    def steps_of(self, event: Event) -> set[int]:
        if self.funnel.order == "strict" and event.actor != "member":
            return set()
        return {number for number, (types, where) in enumerate(self.funnel.steps, 1) if matches(event, types, where)}

    def entries(self) -> list[dict]:
        starts: dict = {}
        for place, steps in enumerate(self.steps):
            if steps if self.funnel.order == "any" else 1 in steps:
                starts.setdefault(zones.day_of(self.book.zone, self.events[place].time.ms), []).append(place)
        found, kept = [], []
        for day in sorted(starts):
            chain = self.canonical(starts[day])
            if self.funnel.order == "any":
                if any(set(chain) <= earlier for earlier in kept):
                    continue
                kept.append(set(chain))
            found.append(self.entry(day, starts[day], chain))
        return found

    def canonical(self, starts: list[int]) -> list[int]:
        """The longest; then the latest e1; then the earliest e2, e3, …"""
        best: list[int] = []
        for start in starts:
            chain = self.best_from(start)
            if len(chain) >= len(best):
                best = chain
        return best

    def best_from(self, start: int) -> list[int]:
        """The longest chain from e1; the first found of a length is the one with the earliest e2, e3, …"""
        best = [start]
        pending = [[start]]
        while pending and len(best) < self.count:
            chain = pending.pop()
            if len(chain) > len(best):
                best = chain
            if len(chain) == self.count:
                continue
            # The last pushed is tried first, so later events go first onto the stack.
            pending += [
                chain + [place]
                for place in reversed(range(chain[-1] + 1, len(self.events)))
                if self.extends(chain, place)
            ]
        return best

    def extends(self, chain: list[int], place: int) -> bool:
        first = self.events[chain[0]].time.ms
        if self.events[place].time.ms - first > self.funnel.window:
            return False
        if self.funnel.order == "any":
            return bool(self.steps[place]) and self.assignment(chain + [place]) is not None
        if len(chain) + 1 not in self.steps[place]:
            return False
        if self.funnel.order == "strict" and any(self.behaviour[chain[-1] + 1 : place]):
            return False
        return not self.blocked(chain, place)

    def blocked(self, chain: list[int], place: int) -> bool:
        """An excluded event stands strictly between step i and this one, which would be step j."""
        for (_, _, start, end), excluded in zip(self.funnel.exclusions, self.excluded):
            if end == len(chain) + 1 and any(chain[start - 1] < other < place for other in excluded):
                return True
        return False

    def assignment(self, chain: list[int]) -> list[int | None] | None:
        """Steps of a set of events (`any`): of all ways the one where (step 1, step 2, …) is earliest, null last."""
        best, best_key = None, None
        for numbers in itertools.permutations(range(1, self.count + 1), len(chain)):
            if all(number in self.steps[place] for number, place in zip(numbers, chain)):
                by_step = dict(zip(numbers, chain))
                key = [by_step.get(number, len(self.events)) for number in range(1, self.count + 1)]
                if best_key is None or key < best_key:
                    best, best_key = [by_step.get(number) for number in range(1, self.count + 1)], key
        return best

    def entry(self, day, starts: list[int], chain: list[int]) -> dict:
        if self.funnel.order == "any":
            by_step = self.assignment(chain)
        else:
            by_step = [chain[number] if number < len(chain) else None for number in range(self.count)]
        status = "converted" if len(chain) == self.count else "open" if self.is_open(starts) else "dropped"
        return {
            "funnel": self.funnel.name,
            "day": day.isoformat(),
            "level": len(chain),
            "status": status,
            "times": [None if place is None else self.events[place].time for place in by_step],
            "breakdown": self.breakdown(chain, by_step),
        }

    def is_open(self, starts: list[int]) -> bool:
        """Some chain of the day could take one more event that is newer than all known ones."""
        newest = len(self.events)
        for start in starts:
            if self.now.ms > self.events[start].time.ms + self.funnel.window:
                continue
            if self.funnel.order == "any":
                return True
            if any(self.could_extend(chain, newest) for chain in self.chains(start)):
                return True
        return False

    def chains(self, start: int):
        """Every chain that begins at an event."""
        pending = [[start]]
        while pending:
            chain = pending.pop()
            yield chain
            if len(chain) < self.count:
                pending += [
                    chain + [place] for place in range(chain[-1] + 1, len(self.events)) if self.extends(chain, place)
                ]

    def could_extend(self, chain: list[int], newest: int) -> bool:
        if len(chain) == self.count:
            return False
        if self.funnel.order == "strict" and any(self.behaviour[chain[-1] + 1 :]):
            return False
        return not self.blocked(chain, newest)

    def breakdown(self, chain: list[int], by_step: list[int | None]):
        name, attribution = self.funnel.by, self.funnel.attribution
        if name is None:
            return None
        if name in self.book.tags["member"]:
            return as_text(self.tag_at_entry(name, chain[0]))
        if attribution in ("first", "last"):
            values = [self.events[place].field(name) for place in chain]
            values = [value for value in values if value is not None]
            if not values:
                return None
            return as_text(values[0] if attribution == "first" else values[-1])
        place = by_step[attribution - 1]
        return None if place is None else as_text(self.events[place].field(name))

    def tag_at_entry(self, name: str, first: int):
        """The tag's value at e1's time, over the events up to that time (those of the same instant are among them)."""
        time = self.events[first].time
        known = sorted((event for event in self.events if event.time <= time), key=lambda event: event.key)
        return Subject(self.book, "member", known, time).tags[name].last[1]


def matches(event: Event, types: list[str], where) -> bool:
    return event.type in types and (where is None or expressions.evaluate(where, event.field, None) is True)


def is_behaviour(event: Event) -> bool:
    return event.actor == "member" and not event.type.startswith(("touch.", "member.", "consent."))


def as_text(value):
    """A breakdown value is a text or null."""
    return value if value is None or isinstance(value, str) else canonical(value)
