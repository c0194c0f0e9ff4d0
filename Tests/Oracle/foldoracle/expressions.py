"""The expression language: text to a tree of tuples, and a tree's value at an instant."""

import re
from decimal import Decimal

from .values import Span, Time, bounded, divided, half_even, rounded

UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
TOKEN = re.compile(
    r'\s*(?:(?P<span>\d+(?:\.\d+)?[smhd])\b|(?P<number>\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(?P<sign>==|!=|<=|>=|[-+*/<>()\[\],]))"
)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def span(text: str) -> Span:
    """`90s 30m 12h 7d`."""
    return Span(int(text[:-1]) * UNITS[text[-1]])


class Parser:
    """Recursive descent; binding from loose to tight: or, and, not, comparison, + -, * /, unary minus."""

    def __init__(self, text: str):
        self.tokens = []
        place = 0
        while text[place:].strip():
            found = TOKEN.match(text, place)
            if not found:
                raise ValueError(f"cannot read {text[place:]!r}")
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            place = found.end()
        self.place = 0

    def peek(self) -> str | None:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else None

    def take(self, wanted: str | None = None):
        token = self.tokens[self.place]
        if wanted is not None and token[1] != wanted:
            raise ValueError(f"expected {wanted}, got {token[1]}")
        self.place += 1
        return token

    def whole(self):
        tree = self.either()
        if self.peek() is not None:
            raise ValueError(f"unexpected {self.peek()}")
        return tree

    def either(self):
        tree = self.both()
        while self.peek() == "or":
            self.take()
            tree = ("or", tree, self.both())
        return tree

    def both(self):
        tree = self.negation()
        while self.peek() == "and":
            self.take()
            tree = ("and", tree, self.negation())
        return tree

    def negation(self):
        if self.peek() == "not":
            self.take()
            return ("not", self.negation())
        return self.comparison()

    def comparison(self):
        left = self.sum()
        if self.peek() in COMPARISONS:
            sign = self.take()[1]
            return ("compare", sign, left, self.sum())
        if self.peek() == "in":
            self.take()
            self.take("[")
            items = [self.sum()]
            while self.peek() == ",":
                self.take()
                items.append(self.sum())
            self.take("]")
            return ("in", left, items)
        if self.peek() == "between":
            self.take()
            low = self.sum()
            self.take("and")
            return ("between", left, low, self.sum())
        return left

    def sum(self):
        tree = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()[1]
            tree = ("arithmetic", sign, tree, self.product())
        return tree

    def product(self):
        tree = self.unary()
        while self.peek() in ("*", "/"):
            sign = self.take()[1]
            tree = ("arithmetic", sign, tree, self.unary())
        return tree

    def unary(self):
        if self.peek() == "-":
            self.take()
            return ("negate", self.unary())
        return self.primary()

    def primary(self):
        kind, text = self.take()
        if text == "(":
            tree = self.either()
            self.take(")")
            return tree
        if kind == "number":
            return ("literal", Decimal(text))
        if kind == "span":
            return ("literal", span(text))
        if kind == "text":
            return ("literal", re.sub(r"\\(.)", r"\1", text[1:-1]))
        if text in ("true", "false", "null"):
            return ("literal", {"true": True, "false": False, "null": None}[text])
        if kind != "name":
            raise ValueError(f"unexpected {text}")
        if self.peek() == "(":
            return self.call(text)
        return ("name", text)

    def call(self, name: str):
        self.take("(")
        arguments = [self.either()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.either())
        self.take(")")
        if name == "floor":
            quotient = arguments[0]
            assert quotient[:2] == ("arithmetic", "/") and quotient[2][0] == "elapsed" and quotient[3][0] == "literal"
            return ("units", quotient[2][1], quotient[3][1])
        if name == "elapsed":
            return ("elapsed", arguments[0])
        return ("call", name, arguments)


def parse(text: str):
    """The tree of an expression."""
    return Parser(str(text)).whole()


def names(tree) -> set[str]:
    """Names that an expression reads."""
    if isinstance(tree, tuple):
        if tree[0] == "name":
            return {tree[1]}
        return set().union(*[names(part) for part in tree[1:]]) if len(tree) > 1 else set()
    if isinstance(tree, list):
        return set().union(*[names(part) for part in tree]) if tree else set()
    return set()


def elapsed_parts(tree) -> list:
    """The places where elapsed time stands: ("span", time, span) and ("unit", time, unit)."""
    found = []
    if isinstance(tree, tuple):
        if tree[0] == "compare" and tree[2][0] == "elapsed":
            found.append(("span", tree[2][1], tree[3]))
        elif tree[0] == "compare" and tree[3][0] == "elapsed":
            found.append(("span", tree[3][1], tree[2]))
        elif tree[0] == "between" and tree[1][0] == "elapsed":
            found += [("span", tree[1][1], tree[2]), ("span", tree[1][1], tree[3])]
        elif tree[0] == "units":
            found.append(("unit", tree[1], tree[2]))
        for part in tree[1:]:
            found += elapsed_parts(part)
    elif isinstance(tree, list):
        for part in tree:
            found += elapsed_parts(part)
    return found


def evaluate(tree, look, now: Time | None):
    """Value of a tree; `look(name)` gives names their values, `now` is the instant."""
    form = tree[0]
    if form == "literal":
        return tree[1]
    if form == "name":
        return look(tree[1])
    if form == "elapsed":
        start = evaluate(tree[1], look, now)
        return Span(now.ms - start.ms) if isinstance(start, Time) else None
    if form == "units":
        start = evaluate(tree[1], look, now)
        return bounded(Decimal((now.ms - start.ms) // tree[2].ms)) if isinstance(start, Time) else None
    if form == "not":
        value = evaluate(tree[1], look, now)
        return (not value) if isinstance(value, bool) else None
    if form == "and":
        return evaluate(tree[1], look, now) is True and evaluate(tree[2], look, now) is True
    if form == "or":
        return evaluate(tree[1], look, now) is True or evaluate(tree[2], look, now) is True
    if form == "compare":
        return compare(tree[1], evaluate(tree[2], look, now), evaluate(tree[3], look, now))
    if form == "in":
        return contained(evaluate(tree[1], look, now), [evaluate(item, look, now) for item in tree[2]])
    if form == "between":
        value = evaluate(tree[1], look, now)
        low = compare(">=", value, evaluate(tree[2], look, now))
        high = compare("<=", value, evaluate(tree[3], look, now))
        if tree[1][0] == "elapsed":
            return low is True and high is True
        return None if low is None or high is None else low and high
    if form == "negate":
        value = evaluate(tree[1], look, now)
        if isinstance(value, Span):
            return Span(-value.ms)
        return -value if isinstance(value, Decimal) else None
    if form == "arithmetic":
        return arithmetic(tree[1], evaluate(tree[2], look, now), evaluate(tree[3], look, now))
    return called(tree[1], [evaluate(part, look, now) for part in tree[2]])


def kind(value) -> type:
    return type(value)


def compare(sign: str, left, right) -> bool | None:
    """Null with a null or with kinds that do not match."""
    if left is None or right is None or kind(left) is not kind(right):
        return None
    if sign in ("==", "!="):
        return (left == right) == (sign == "==")
    if isinstance(left, (bool, list)):
        return None
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def contained(value, items) -> bool | None:
    if value is None:
        return None
    return any(compare("==", value, item) is True for item in items)


def arithmetic(sign: str, left, right):
    if left is None or right is None:
        return None
    if isinstance(left, Span) and isinstance(right, Span) and sign in "+-":
        return Span(left.ms + right.ms if sign == "+" else left.ms - right.ms)
    if sign == "*" and isinstance(left, Decimal) and isinstance(right, Span):
        left, right = right, left
    if sign == "*" and isinstance(left, Span) and isinstance(right, Decimal):
        return Span(half_even(left.ms * int(right.scaleb(6)), 1_000_000))
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    if sign == "+":
        return bounded(left + right)
    if sign == "-":
        return bounded(left - right)
    return rounded(left * right) if sign == "*" else divided(left, right)


def called(name: str, values: list):
    if name == "exists":
        return values[0] is not None
    if name == "coalesce":
        return next((value for value in values if value is not None), None)
    if any(value is None for value in values):
        return None
    if name in ("min", "max"):
        if len({kind(value) for value in values}) > 1:
            return None
        return min(values) if name == "min" else max(values)
    if name == "abs":
        return abs(values[0]) if isinstance(values[0], Decimal) else None
    if name == "round":
        return rounded(values[0], int(values[1])) if isinstance(values[0], Decimal) else None
    if name == "contains" and isinstance(values[0], list):
        return any(compare("==", item, values[1]) is True for item in values[0])
    if not all(isinstance(value, str) for value in values):
        return None
    if name == "lower":
        return values[0].lower()
    if name == "contains":
        return values[1] in values[0]
    if name == "starts_with":
        return values[0].startswith(values[1])
    if name == "length":
        return Decimal(len(values[0]))
    raise ValueError(f"no function {name}")
