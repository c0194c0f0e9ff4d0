#!/usr/bin/env python3
"""Are the generated cases sharp? Breaks the oracle in one rule after the other and asks for a case that notices.

`python3 Tests/Oracle/mutants.py [--seeds 1-150]` prints, for each broken rule, the first seed whose output differs. A
rule that no seed notices is a hole in generate.py: exit 3.
"""

import argparse
import contextlib
import pathlib
import sys
import tempfile
from unittest import mock

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import generate  # noqa: E402
from compare import seeds  # noqa: E402
from oracle import OUTPUTS, Fold  # noqa: E402

from foldoracle import events, expressions, funnels, metrics, tags, values, zones  # noqa: E402
from foldoracle.values import Decimal, Span  # noqa: E402

TRUE_BOUNDS, TRUE_COMPARE, TRUE_EXTENDS = metrics.bounds, expressions.compare, funnels.Track.extends


def bounds_with(shift_first: int = 0, shift_last: int = 0, form: str = ""):
    def bounds(metric, zone, now):
        first, last = TRUE_BOUNDS(metric, zone, now)
        if metric.window[0] != form or first is None:
            return first, last
        return first + shift_first, last + shift_last

    return mock.patch.object(metrics, "bounds", bounds)


def span_compare(sign, left, right):
    """> becomes >= for elapsed time."""
    return TRUE_COMPARE(">=" if sign == ">" and isinstance(left, Span) else sign, left, right)


def null_is_unequal(sign, left, right):
    return True if sign == "!=" and (left is None) != (right is None) else TRUE_COMPARE(sign, left, right)


def exclusive_window(self, chain, place):
    late = self.events[place].time.ms - self.events[chain[0]].time.ms == self.funnel.window
    return not late and TRUE_EXTENDS(self, chain, place)


def earliest_start(self, starts):
    best = []
    for start in starts:
        chain = self.best_from(start)
        if len(chain) > len(best):
            best = chain
    return best


def latest_steps(self, start):
    best, pending = [start], [[start]]
    while pending:
        chain = pending.pop()
        if len(chain) >= len(best):
            best = chain
        if len(chain) < self.count:
            pending += [
                chain + [place]
                for place in reversed(range(chain[-1] + 1, len(self.events)))
                if self.extends(chain, place)
            ]
    return best


def any_assignment(self, chain):
    found = TRUE_ASSIGNMENT(self, chain)
    if found is None:
        return None
    import itertools

    for numbers in itertools.permutations(range(1, self.count + 1), len(chain)):
        if all(number in self.steps[place] for number, place in zip(numbers, chain)):
            by_step = dict(zip(numbers, chain))
            last = [by_step.get(number) for number in range(1, self.count + 1)]
    return last


TRUE_ASSIGNMENT = funnels.Track.assignment


def open_by_best(self, starts):
    chain = self.canonical(starts)
    inside = self.now.ms <= self.events[chain[0]].time.ms + self.funnel.window
    return inside and (self.funnel.order == "any" or self.could_extend(chain, len(self.events)))


def streak_today(days, zone, now):
    return TRUE_STREAK(days, zone, now) if zones.day_of(zone, now.ms) in days else Decimal(0)


TRUE_STREAK = metrics.streak


def half_up(top, bottom):
    if bottom < 0:
        top, bottom = -top, -bottom
    return (2 * top + bottom) // (2 * bottom)


def order_by_id_only(self, book, funnel, happened, now):
    TRUE_INIT(self, book, funnel, happened, now)
    order = sorted(range(len(self.events)), key=lambda place: self.events[place].key)
    for name in ("events", "steps", "behaviour"):
        setattr(self, name, [getattr(self, name)[place] for place in order])
    where = {old: new for new, old in enumerate(order)}
    self.excluded = [sorted(where[place] for place in places) for places in self.excluded]


TRUE_INIT = funnels.Track.__init__


def first_by_key(self, tag, ms):
    """A fact takes the oldest value."""
    for event in self.events:
        for kind, field in tag.body:
            if event.time.ms <= ms and event.type == kind and event.field(field) is not None:
                return event.field(field)
    return None


def utc_days(zone, ms):
    return zones.reading("UTC", ms)


def fixed_days(zone, day):
    """Days of 24 h from UTC midnight less the offset at noon: no changes of clocks."""
    midnight = (day - values.EPOCH.date()).days * 86_400_000
    return midnight - zones.offset(zone, midnight + 43_200_000)


MUTANTS = {
    "a sliding window keeps an event at time + w": lambda: bounds_with(shift_first=-1, form="sliding"),
    "a sliding window lets an event go 1 ms early": lambda: bounds_with(shift_first=1, form="sliding"),
    "a two-sided window takes an event 1 ms late": lambda: bounds_with(shift_last=-1, form="between"),
    "an absolute window takes its end": lambda: bounds_with(shift_last=1, form="absolute"),
    "elapsed > is >=": lambda: mock.patch.object(expressions, "compare", span_compare),
    "null is unequal to a value": lambda: mock.patch.object(expressions, "compare", null_is_unequal),
    "rounding half up": lambda: mock.patch.object(values, "half_even", half_up),
    "lateness bound 1 ms less": lambda: mock.patch.object(events, "LATENESS", events.LATENESS - 1),
    "future bound 1 ms less": lambda: mock.patch.object(events, "AHEAD", events.AHEAD - 1),
    "streak does not end yesterday": lambda: mock.patch.object(metrics, "streak", streak_today),
    "days are UTC days": lambda: mock.patch.object(zones, "day_of", utc_days),
    "days ignore changes of clocks": lambda: mock.patch.object(zones, "first_instant", fixed_days),
    "a fact takes the oldest value": lambda: mock.patch.object(tags.Subject, "fact", first_by_key),
    "funnel window exclusive": lambda: mock.patch.object(funnels.Track, "extends", exclusive_window),
    "the earliest start of the day": lambda: mock.patch.object(funnels.Track, "canonical", earliest_start),
    "the latest later steps": lambda: mock.patch.object(funnels.Track, "best_from", latest_steps),
    "exclusions do nothing": lambda: mock.patch.object(funnels.Track, "blocked", lambda *_: False),
    "strict is ordered": lambda: mock.patch.object(funnels, "is_behaviour", lambda event: False),
    "receipts are behaviour": lambda: mock.patch.object(funnels, "is_behaviour", lambda event: event.actor == "member"),
    "anyone's acts are behaviour": lambda: mock.patch.object(
        funnels, "is_behaviour", lambda event: not event.type.startswith(("touch.", "member.", "consent."))
    ),
    "any: another assignment": lambda: mock.patch.object(funnels.Track, "assignment", any_assignment),
    "open goes by the best chain alone": lambda: mock.patch.object(funnels.Track, "is_open", open_by_best),
    "ties of a funnel stand by id alone": lambda: mock.patch.object(funnels.Track, "__init__", order_by_id_only),
}


def outputs(folder: str, until: str) -> list[list[str]]:
    with open(folder + "/events.ndjson", encoding="utf-8") as lines:
        fold = Fold(folder + "/playbook", lines, values.instant(until))
    return [getattr(fold, out)() for out in OUTPUTS]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1-150")
    parser.add_argument("--events", type=int, default=120)
    chosen = parser.parse_args()
    alive = dict(MUTANTS)
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds(chosen.seeds):
            if not alive:
                break
            case = generate.write(seed, chosen.events, pathlib.Path(folder))
            wanted = outputs(folder, case["until"])
            for name in list(alive):
                with contextlib.ExitStack() as stack:
                    stack.enter_context(alive[name]())
                    for cached in (zones.day_of, zones.first_instant):
                        getattr(cached, "cache_clear", lambda: None)()
                    noticed = outputs(folder, case["until"]) != wanted
                for cached in (zones.day_of, zones.first_instant):
                    cached.cache_clear()
                if noticed:
                    print(f"seed {seed:3}: {name}")
                    del alive[name]
    for name in alive:
        print(f"not noticed by {chosen.seeds}: {name}", file=sys.stderr)
    print(f"{len(MUTANTS) - len(alive)} of {len(MUTANTS)} broken rules noticed")
    return 3 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
