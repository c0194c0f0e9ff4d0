"""Values: null is None; boolean bool; decimal Decimal; text str; a time Time; a length of time Span; a list list."""

import decimal
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

CONTEXT = decimal.Context(prec=80, rounding=decimal.ROUND_HALF_EVEN)
decimal.setcontext(CONTEXT)
LIMIT = Decimal(10) ** 12
PLACE = Decimal("0.000001")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, order=True)
class Time:
    """Milliseconds since 1970-01-01T00:00:00Z."""

    ms: int


@dataclass(frozen=True, order=True)
class Span:
    """A length of time in milliseconds."""

    ms: int


class NumberFault(ValueError):
    """A number that is not one of ours: more than 6 places, or at or past 10^12."""


def bounded(number: Decimal | None) -> Decimal | None:
    """Null at or past 10^12."""
    return None if number is None or abs(number) >= LIMIT else number


def rounded(number: Decimal, places: int = 6) -> Decimal | None:
    """Half-even to `places` places; null at or past 10^12."""
    return bounded(CONTEXT.quantize(number, Decimal(1).scaleb(-places)))


def divided(left: Decimal, right: Decimal) -> Decimal | None:
    """The exact quotient rounded half-even to 6 places; null for division by zero."""
    if right == 0:
        return None
    # Half-even on the exact quotient of whole millionths, not on a quotient that was already cut.
    top, bottom = int(left.scaleb(12, CONTEXT)), int(right.scaleb(6, CONTEXT))
    return bounded(Decimal(half_even(top, bottom)).scaleb(-6, CONTEXT))


def half_even(top: int, bottom: int) -> int:
    """top / bottom to the nearest whole number, ties to the even one."""
    if bottom < 0:
        top, bottom = -top, -bottom
    whole, rest = divmod(top, bottom)
    if 2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1):
        whole += 1
    return whole


def accepted_number(number: Decimal) -> Decimal:
    """The number, if an event may hold it."""
    if not number.is_finite() or abs(number) >= LIMIT:
        raise NumberFault(str(number))
    if CONTEXT.quantize(number, PLACE) != number:
        raise NumberFault(str(number))
    return number


def instant(text: str) -> Time:
    """Reads RFC 3339; a fraction past milliseconds is cut."""
    text = text.strip().replace("z", "Z").replace("t", "T")
    main, offset = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    fraction = "000"
    if "." in main:
        main, fraction = main.split(".")
        fraction = (fraction + "000")[:3]
    whole = datetime.fromisoformat(main.replace(" ", "T") + offset)
    return Time(round((whole - EPOCH) / timedelta(seconds=1)) * 1000 + int(fraction))


def instant_text(time: Time) -> str:
    """RFC 3339 with milliseconds and Z."""
    seconds, rest = divmod(time.ms, 1000)
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{rest:03d}Z"


def number_text(number: Decimal) -> str:
    """Plain decimal without exponent and trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def canonical(value: object) -> str:
    """Canonical JSON: no spaces, keys by code point, text as it is but for quotes, backslash, controls."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Time):
        return canonical(instant_text(value))
    if isinstance(value, Span):
        return str(value.ms)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    raise TypeError(type(value))
