"""Metrics: counted anew from the list of events at each instant asked for."""

import bisect
from datetime import date
from decimal import Decimal

from . import expressions, zones
from .events import Event
from .playbook import Metric
from .values import Time, bounded, canonical, divided

STREAK_MAX = 400
DISTINCT_MAX = 1024


def qualifying(metric: Metric, events: list[Event]) -> list[tuple[Event, object]]:
    """Events that the metric takes at all, with the field's value, whatever the window; in order of (time, id)."""
    found = []
    for event in events:
        if metric.actors is not None and event.actor not in metric.actors:
            continue
        for kind, field in metric.sources:
            if kind != event.type:
                continue
            value = event.field(field) if field is not None else None
            if field is not None and value is None:
                continue
            if metric.fold in ("sum", "min", "max", "mean") and not isinstance(value, Decimal):
                continue
            if metric.where is not None and expressions.evaluate(metric.where, event.field, None) is not True:
                continue
            found.append((event, value if field is not None else event.time))
            break
    return found


def bounds(metric: Metric, zone: str, now: Time) -> tuple[int | None, int]:
    """The window at `now` as first and last time in ms, both included; a first of None is the beginning of time."""
    form = metric.window[0]
    if form == "lifetime":
        return None, now.ms
    if form == "sliding":
        return now.ms - metric.window[1] + 1, now.ms
    if form == "between":
        return now.ms - metric.window[1] + 1, now.ms - metric.window[2]
    if form == "absolute":
        return metric.window[1], min(metric.window[2] - 1, now.ms)
    start, end = zones.period(zone, metric.window[1], now)
    return start, min(end - 1, now.ms)


def value_at(metric: Metric, qualified: list[tuple[Event, object]], zone: str, now: Time):
    """The metric at an instant."""
    first, last = bounds(metric, zone, now)
    low = 0 if first is None else bisect.bisect_left(qualified, first, key=lambda pair: pair[0].time.ms)
    values = qualified[low : bisect.bisect_right(qualified, last, key=lambda pair: pair[0].time.ms)]
    if metric.fold == "count":
        return Decimal(len(values))
    if metric.fold == "distinct":
        return Decimal(
            min(DISTINCT_MAX, len({value if isinstance(value, str) else (canonical(value),) for _, value in values}))
        )
    if metric.fold == "streak":
        return streak({zones.day_of(zone, event.time.ms) for event, _ in values}, zone, now)
    if metric.fold == "sum":
        return bounded(sum((value for _, value in values), Decimal(0)))
    if not values:
        return None
    if metric.fold == "first":
        return values[0][1]
    if metric.fold == "last":
        return values[-1][1]
    numbers = [value for _, value in values]
    if metric.fold == "mean":
        return mean(numbers)
    return min(numbers) if metric.fold == "min" else max(numbers)


def mean(numbers: list[Decimal]):
    return divided(sum(numbers, Decimal(0)), Decimal(len(numbers)))


def streak(days: set[date], zone: str, now: Time) -> Decimal:
    """Days in a row that end today or yesterday; dates that the zone skipped do not count and do not break it."""
    day = zones.day_of(zone, now.ms)
    if day not in days:
        day = zones.previous_existing(zone, day)
    run = 0
    while day in days and run < STREAK_MAX:
        run += 1
        day = zones.previous_existing(zone, day)
    return Decimal(run)


def instants(metric: Metric, qualified: list[tuple[Event, object]], zone: str) -> set[int]:
    """Every instant in ms at which the metric may change."""
    found = set()
    for event, _ in qualified:
        ms = event.time.ms
        found.add(ms)
        if metric.window[0] == "sliding":
            found.add(ms + metric.window[1])
        elif metric.window[0] == "between":
            found.update((ms + metric.window[1], ms + metric.window[2]))
        elif metric.window[0] == "calendar":
            found.add(zones.period(zone, metric.window[1], event.time)[1])
        if metric.fold == "streak":
            day = zones.day_of(zone, ms)
            for _ in range(2):
                day = zones.next_existing(zone, day)
                found.add(zones.first_instant(zone, day))
    return found
