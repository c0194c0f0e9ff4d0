"""Reads a playbook folder: YAML scalars as texts, typed here."""

import pathlib
from dataclasses import dataclass, field
from datetime import date

import yaml

from . import expressions, zones
from .values import Decimal, instant

FOLDS = ("count", "sum", "min", "max", "mean", "first", "last", "distinct", "streak")
UNCLASSIFIED = "未分类"


@dataclass
class Metric:
    name: str
    fold: str
    sources: list[tuple[str, str | None]]
    where: object
    window: tuple
    actors: set[str] | None


@dataclass
class Tag:
    name: str
    form: str  # fact, rule, cases, value, score, quadrant
    body: object


@dataclass
class Funnel:
    name: str
    window: int
    order: str
    steps: list[tuple[list[str], object]]
    exclusions: list[tuple[list[str], object, int, int]]
    by: str | None
    attribution: object


@dataclass
class Playbook:
    zone: str
    metrics: dict[str, dict[str, Metric]] = field(default_factory=lambda: {"member": {}, "community": {}})
    tags: dict[str, dict[str, Tag]] = field(default_factory=lambda: {"member": {}, "community": {}})
    cuts: dict[str, Decimal] = field(default_factory=dict)
    rules: dict[str, object] = field(default_factory=dict)
    tops: dict[str, tuple[Decimal, object]] = field(default_factory=dict)
    funnels: dict[str, Funnel] = field(default_factory=dict)


def many(value) -> list:
    return value if isinstance(value, list) else [value]


def known_types() -> set[str]:
    folder = pathlib.Path(__file__).resolve().parents[3] / "schemas" / "events"
    return {path.name.removesuffix(".schema.json") for path in folder.glob("*.schema.json")}


TYPES = known_types()


def path(text: str) -> tuple[str, str | None]:
    """The longest known event type, then a field; an unknown type is taken whole."""
    parts = text.split(".")
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        if head in TYPES:
            return head, ".".join(parts[length:]) or None
    return text, None


def moment(text: str, zone: str) -> int:
    """A bare date is its first instant in the tenant's zone."""
    if len(text) == 10:
        return zones.start_from(zone, date.fromisoformat(text))
    return instant(text).ms


def window(raw, zone: str) -> tuple:
    if raw is None:
        return ("lifetime",)
    if isinstance(raw, dict):
        if "between" in raw:
            start, end = (expressions.span(text).ms for text in raw["between"])
            return ("between", start, end)
        return ("absolute", moment(raw["from"], zone), moment(raw["to"], zone))
    if raw in ("today", "this_week", "this_month"):
        return ("calendar", raw)
    return ("sliding", expressions.span(raw).ms)


def actors(raw) -> set[str] | None:
    if raw is None:
        return {"member"}
    return None if raw == "any" else set(many(raw))


def condition(raw):
    return None if raw is None else expressions.parse(raw)


def metric(name: str, raw: dict, zone: str) -> Metric:
    fold = next(word for word in FOLDS if word in raw)
    return Metric(
        name,
        fold,
        [path(text) for text in many(raw[fold])],
        condition(raw.get("where")),
        window(raw.get("window"), zone),
        actors(raw.get("actor")),
    )


def tag(name: str, raw: dict) -> Tag:
    if "fact" in raw:
        return Tag(name, "fact", [path(text) for text in many(raw["fact"])])
    if "rule" in raw:
        return Tag(name, "rule", expressions.parse(raw["rule"]))
    if "cases" in raw:
        cases = [
            (("literal", True), case["else"]) if "else" in case else (expressions.parse(case["when"]), case["value"])
            for case in raw["cases"]
        ]
        return Tag(name, "cases", cases)
    return Tag(name, "value", expressions.parse(raw["value"]))


def share(text: str) -> Decimal:
    return Decimal(text.removesuffix("%")) / 100


def funnel(name: str, raw: dict) -> Funnel:
    steps = [step for step in raw["steps"] if "total" not in step]
    numbers = {step["name"]: place for place, step in enumerate(steps, 1)}
    breakdown = raw.get("breakdown") or {}
    attribution = breakdown.get("attribution", "step 1")
    if attribution not in ("first", "last"):
        attribution = int(str(attribution).removeprefix("step "))
    return Funnel(
        name,
        expressions.span(raw["window"]).ms,
        raw.get("order", "ordered"),
        [(many(step["event"]), condition(step.get("where"))) for step in steps],
        [
            (many(item["event"]), condition(item.get("where")), numbers[item["from"]], numbers[item["to"]])
            for item in raw.get("exclude", [])
        ],
        breakdown.get("by"),
        attribution,
    )


def label_value(label: dict) -> str:
    """A quadrant label's value is its id where it has one, else its text."""
    if "id" in label:
        return label["id"]
    text = label["label"]
    return next(iter(text.values())) if isinstance(text, dict) else text


def load(folder: str) -> Playbook:
    raw: dict = {}
    for file in sorted(pathlib.Path(folder).glob("*.y*ml")):
        merge(raw, yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) or {})
    book = Playbook(zone=raw["zone"])
    for kind in ("member", "community"):
        for name, body in (raw.get("metrics", {}).get(kind) or {}).items():
            book.metrics[kind][name] = metric(name, body, book.zone)
        for name, body in (raw.get("tags", {}).get(kind) or {}).items():
            book.tags[kind][name] = tag(name, body)
    for name, body in raw.get("scores", {}).items():
        book.tags["member"][name] = Tag(name, "score", expressions.parse(body["value"]))
        if "cut" in body:
            book.cuts[name + ".cut"] = Decimal(body["cut"])
    if "quadrants" in raw:
        labels = [(expressions.parse(label["when"]), label_value(label)) for label in raw["quadrants"]["labels"]]
        book.tags["member"]["quadrant"] = Tag("quadrant", "quadrant", labels)
    for name, body in raw.get("segments", {}).items():
        if "rule" in body:
            book.rules[name] = expressions.parse(body["rule"])
        else:
            book.tops[name] = (share(body["top"]), expressions.parse(body["by"]))
    for name, body in raw.get("funnels", {}).items():
        book.funnels[name] = funnel(name, body)
    return book


def merge(into: dict, other: dict) -> None:
    """Joins the files of a folder: maps by key, anything else stands once."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def in_order(tags: dict[str, Tag]) -> list[Tag]:
    """By dependency: a tag after those that it reads."""
    done: dict[str, Tag] = {}

    def place(tag: Tag) -> None:
        if tag.name in done:
            return
        for name in sorted(reads(tag)):
            if name in tags and name != tag.name:
                place(tags[name])
        done[tag.name] = tag

    for name in sorted(tags):
        place(tags[name])
    return list(done.values())


def trees(tag: Tag) -> list:
    """Expressions of a tag."""
    if tag.form == "fact":
        return []
    return [tree for tree, _ in tag.body] if tag.form in ("cases", "quadrant") else [tag.body]


def reads(tag: Tag) -> set[str]:
    return set().union(*[expressions.names(tree) for tree in trees(tag)]) if trees(tag) else set()

