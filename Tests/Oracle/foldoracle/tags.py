"""Tags with `since`, by definition: the value at every instant at which it could change, from the first event on."""

import bisect

from . import expressions, metrics
from .events import Event
from .playbook import UNCLASSIFIED, Playbook, Tag, in_order, trees
from .values import Decimal, Time


class Timeline:
    """A value over time: steps (from ms, value) with no two equal neighbours."""

    def __init__(self, steps: list[tuple[int, object]]):
        self.steps = []
        for ms, value in steps:
            if not self.steps or not same(self.steps[-1][1], value):
                self.steps.append((ms, value))
        self.starts = [ms for ms, _ in self.steps]

    def at(self, ms: int):
        return self.steps[bisect.bisect_right(self.starts, ms) - 1][1]

    @property
    def last(self) -> tuple[int, object]:
        return self.steps[-1]


def same(left, right) -> bool:
    """Equal and of one kind: true is not 1."""
    return type(left) is type(right) and left == right


class Subject:
    """One subject's metrics and tags up to the instant `now`."""

    def __init__(self, book: Playbook, kind: str, events: list[Event], now: Time):
        self.book, self.kind, self.events, self.now = book, kind, events, now
        # One whose events are all not visible yet has not begun: it has the metrics of no events, and no tags.
        self.has_begun = bool(events)
        self.begin = events[0].time.ms if events else now.ms
        self.qualified = {name: metrics.qualifying(metric, events) for name, metric in book.metrics[kind].items()}
        instants = {self.begin} | {event.time.ms for event in events}
        for name, metric in book.metrics[kind].items():
            instants |= metrics.instants(metric, self.qualified[name], book.zone)
        self.instants = sorted(ms for ms in instants if self.begin <= ms <= now.ms)
        self.cache: dict[tuple[str, int], object] = {}
        self.tags: dict[str, Timeline] = {}
        for tag in in_order(book.tags[kind]):
            self.tags[tag.name] = self.timeline(trees(tag), lambda ms, tag=tag: self.tag_value(tag, ms))

    def metric(self, name: str, ms: int):
        if (name, ms) not in self.cache:
            metric = self.book.metrics[self.kind][name]
            self.cache[name, ms] = metrics.value_at(metric, self.qualified[name], self.book.zone, Time(ms))
        return self.cache[name, ms]

    def look(self, ms: int):
        """What a name says at an instant."""

        def value(name: str):
            if name in self.book.cuts:
                return self.book.cuts[name]
            if name in self.book.metrics[self.kind]:
                return self.metric(name, ms)
            return self.tags[name].at(ms)

        return value

    def evaluate(self, tree, ms: int):
        return expressions.evaluate(tree, self.look(ms), Time(ms))

    def timeline(self, expressions_read: list, value) -> Timeline:
        """The value at every candidate instant; those where elapsed time crosses a bound are found first."""
        for tree in expressions_read:
            for form, start, bound in expressions.elapsed_parts(tree):
                self.add_crossings(form, start, bound)
        return Timeline([(ms, value(ms)) for ms in self.instants])

    def add_crossings(self, form: str, start, bound) -> None:
        """Between two neighbouring candidates nothing but the clock moves, so the crossing is plain arithmetic."""
        found = set()
        for place, ms in enumerate(self.instants):
            end = self.instants[place + 1] if place + 1 < len(self.instants) else self.now.ms + 1
            time = self.evaluate(start, ms)
            if not isinstance(time, Time):
                continue
            if form == "span":
                span = self.evaluate(bound, ms)
                if span is not None:
                    found.update(at for at in (time.ms + span.ms, time.ms + span.ms + 1) if ms < at < end)
            else:
                unit = bound.ms if hasattr(bound, "ms") else bound[1].ms
                at = time.ms + ((ms - time.ms) // unit + 1) * unit
                while at < end:
                    found.add(at)
                    at += unit
        self.instants = sorted(set(self.instants) | found)

    def tag_value(self, tag: Tag, ms: int):
        if tag.form == "fact":
            return self.fact(tag, ms)
        if tag.form in ("cases", "quadrant"):
            for tree, value in tag.body:
                if self.evaluate(tree, ms) is True:
                    return value
            return UNCLASSIFIED if tag.form == "quadrant" else None
        value = self.evaluate(tag.body, ms)
        if tag.form == "rule":
            return value is True
        if tag.form == "score" and value is not None:
            return min(Decimal(100), max(Decimal(0), value))
        return value

    def fact(self, tag: Tag, ms: int):
        """The newest non-null value by (time, id), from any actor."""
        found = None
        for event in self.events:
            if event.time.ms > ms:
                break
            for kind, field in tag.body:
                if event.type == kind and event.field(field) is not None:
                    found = event.field(field)
        return found

    def state(self) -> dict:
        """Tags with since, and metrics, at `now`."""
        tags = {}
        for name, timeline in self.tags.items():
            since, value = timeline.last
            tags[name] = {"value": value, "since": Time(since)} if self.has_begun else {"value": None, "since": None}
        return {
            "tags": tags,
            "metrics": {name: self.metric(name, self.now.ms) for name in self.book.metrics[self.kind]},
        }

    def rule(self, tree) -> tuple[int, bool]:
        """Since when a rule has its present value."""
        return self.timeline([tree], lambda ms: self.evaluate(tree, ms) is True).last

