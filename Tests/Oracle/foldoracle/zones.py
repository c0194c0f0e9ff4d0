"""Local dates of an IANA zone. A day is [first instant of its date, first instant of the next date that exists)."""

import functools
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from .values import Time

HOUR = 3_600_000


@functools.lru_cache(maxsize=None)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def offset(zone: str, ms: int) -> int:
    """Offset of local time from UTC in milliseconds."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=ms // 1000)
    return round(moment.astimezone(_zone(zone)).utcoffset() / timedelta(milliseconds=1))


def reading(zone: str, ms: int) -> date:
    """The date that a wall calendar shows."""
    return date(1970, 1, 1) + timedelta(days=(ms + offset(zone, ms)) // 86_400_000)


@functools.lru_cache(maxsize=None)
def first_instant(zone: str, day: date) -> int | None:
    """First instant of a local date in ms; None for a date that the zone skipped."""
    midnight = (day - date(1970, 1, 1)).days * 86_400_000
    samples = [midnight + hour * HOUR for hour in range(-30, 31)]
    candidates = []
    for here, there in zip(samples, samples[1:]):
        candidates.append(midnight - offset(zone, here))
        if offset(zone, here) != offset(zone, there):
            low, high = here, there
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == offset(zone, here) else (low, middle)
            candidates.append(high)
    fitting = [ms for ms in candidates if reading(zone, ms) == day]
    return min(fitting) if fitting else None


@functools.lru_cache(maxsize=None)
def day_of(zone: str, ms: int) -> date:
    """The day whose interval holds the instant."""
    shown = reading(zone, ms)
    for ahead in (2, 1, 0, -1, -2):
        day = shown + timedelta(days=ahead)
        start = first_instant(zone, day)
        if start is not None and start <= ms:
            return day
    raise AssertionError("every instant lies in a day")


def start_from(zone: str, day: date) -> int:
    """First instant of the date, or of the next one that exists."""
    for ahead in range(5):
        start = first_instant(zone, day + timedelta(days=ahead))
        if start is not None:
            return start
    raise AssertionError("zones skip single dates only")


def previous_existing(zone: str, day: date) -> date:
    """The date before, passing over dates that the zone skipped."""
    day -= timedelta(days=1)
    while first_instant(zone, day) is None:
        day -= timedelta(days=1)
    return day


def next_existing(zone: str, day: date) -> date:
    """The date after, passing over dates that the zone skipped."""
    day += timedelta(days=1)
    while first_instant(zone, day) is None:
        day += timedelta(days=1)
    return day


def period(zone: str, name: str, now: Time) -> tuple[int, int]:
    """Start and end of `today`, `this_week` or `this_month` at an instant."""
    today = day_of(zone, now.ms)
    if name == "today":
        return start_from(zone, today), start_from(zone, today + timedelta(days=1))
    if name == "this_week":
        monday = today - timedelta(days=today.weekday())
        return start_from(zone, monday), start_from(zone, monday + timedelta(days=7))
    first = today.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return start_from(zone, first), start_from(zone, following)
