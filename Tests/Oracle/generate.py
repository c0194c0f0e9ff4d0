#!/usr/bin/env python3
"""Random playbooks and events: `generate.py --seed S --events N --out FOLDER` writes `playbook/playbook.yaml`,
`events.ndjson` (in log order) and `case.json` (`until` and counts).

At least a fifth of the events come late within the bound and a tenth share their time with another; some are copies,
some are dated ahead, some must be refused. Times keep to a grid of half hours, often off by a millisecond, so that the
edges of windows are met. Zones change their clocks within the weeks generated. One seed gives one case, always.
"""

import argparse
import json
import pathlib
import random
import re
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

HOUR = 3_600_000
DAY = 24 * HOUR
ZONES = [
    ("America/New_York", "2017-02-20"),
    ("Europe/London", "2017-10-10"),
    ("Asia/Shanghai", "2017-05-01"),
    ("America/Sao_Paulo", "2017-10-01"),
    ("Pacific/Apia", "2011-12-15"),
    ("Australia/Lord_Howe", "2017-03-20"),
    ("UTC", "2016-02-15"),
    ("Asia/Kolkata", "2017-12-20"),
]
WINDOWS = ["30m", "1h", "6h", "12h", "1d", "2d", "3d", "7d", "14d"]
SPANS = {text: int(text[:-1]) * {"m": HOUR // 60, "h": HOUR, "d": DAY}[text[-1]] for text in WINDOWS}
LONG = ["1d", "2d", "3d", "7d", "14d"]
NUMBERS = [("order.paid", "amount"), ("survey.answered", "score"), ("message.posted", "length")]
TEXTS = [
    ("order.paid", "category"),
    ("community.joined", "channel"),
    ("message.posted", "community"),
    ("page.viewed", "page"),
    ("coupon.redeemed", "campaign"),
]
BEHAVIOUR = [
    "order.paid",
    "message.posted",
    "checkin.done",
    "survey.answered",
    "page.viewed",
    "coupon.redeemed",
    "account.followed",
    "contact.added",
    "community.joined",
]
WORDS = {
    "category": ["tea", "Tea", "茶", "cup"],
    "page": ["home", "shop"],
    "campaign": ["c1", "c2"],
    "city": ["Rome", "Oslo", "上海"],
    "level": ["gold", "silver"],
    "kind": ["text", "image", "campaign"],
}


def text(ms: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def milliseconds(written: str) -> int:
    moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


class Expressions:
    """Expressions whose kinds match, over the names given."""

    def __init__(self, dice: random.Random, numbers, texts, times, flags):
        self.dice, self.numbers, self.texts, self.times, self.flags = dice, numbers, texts, times, flags

    def flag(self, depth: int = 2) -> str:
        forms = [self.comparison, self.comparison, self.elapsed, self.text_test]
        if self.flags:
            forms.append(lambda: self.dice.choice(self.flags))
        if depth > 0:
            forms += [
                lambda: f"{self.flag(depth - 1)} and {self.flag(depth - 1)}",
                lambda: f"({self.flag(depth - 1)}) or {self.flag(depth - 1)}",
                lambda: f"not ({self.flag(depth - 1)})",
                lambda: f"({self.flag(depth - 1)} or {self.flag(depth - 1)})",
            ]
        return self.dice.choice(forms)()

    def comparison(self) -> str:
        if self.dice.random() < 0.2:
            return f"{self.number(1)} between {self.literal()} and {self.number(0)}"
        return f"{self.number(1)} {self.dice.choice(['>', '>=', '<', '<=', '==', '!='])} {self.number(0)}"

    def elapsed(self) -> str:
        if not self.times:
            return self.comparison()
        time = self.dice.choice(self.times)
        roll = self.dice.random()
        if roll < 0.15:
            return f"elapsed({time}) between {self.dice.choice(['1h', '12h', '1d'])} and {self.dice.choice(LONG)}"
        if roll < 0.25:
            return f"exists({time})"
        return f"elapsed({time}) {self.dice.choice(['>', '>=', '<', '<='])} {self.span()}"

    def span(self) -> str:
        roll = self.dice.random()
        if roll < 0.15:
            return f"{self.dice.choice(WINDOWS)} + {self.dice.choice(WINDOWS)}"
        if roll < 0.3 and self.numbers:
            return f"12h * {self.dice.choice(self.numbers)}"
        return self.dice.choice(WINDOWS)

    def text_test(self) -> str:
        if not self.texts:
            return self.comparison()
        name = self.dice.choice(self.texts)
        return self.dice.choice(
            [
                f'{name} == "tea"',
                f'{name} != "home"',
                f'{name} in ["tea", "c1", "Rome"]',
                f'lower({name}) == "tea"',
                f'contains({name}, "e")',
                f'starts_with({name}, "c")',
                f"length({name}) > 2",
                f"exists({name})",
                f'coalesce({name}, "tea") == "tea"',
            ]
        )

    def number(self, depth: int) -> str:
        forms = [self.literal]
        if self.numbers:
            forms += [lambda: self.dice.choice(self.numbers)] * 3
        if depth > 0:
            forms += [
                lambda: f"{self.number(0)} + {self.number(0)} * {self.number(0)}",
                lambda: f"({self.number(0)} - {self.number(0)})",
                lambda: f"{self.number(0)} / {self.number(0)}",
                lambda: f"{self.number(0)} * 0.000001 / {self.dice.choice(['2', '4', '20'])}",
                lambda: f"round({self.number(0)} / 3, {self.dice.randint(0, 4)})",
                lambda: f"{self.dice.choice(['min', 'max'])}({self.number(0)}, {self.number(0)})",
                lambda: f"abs({self.number(0)} - 3)",
                lambda: f"coalesce({self.number(0)}, {self.literal()})",
            ]
            if self.times:
                unit = self.dice.choice(["1h", "12h", "1d"])
                forms.append(lambda: f"floor(elapsed({self.dice.choice(self.times)}) / {unit})")
        return self.dice.choice(forms)()

    def literal(self) -> str:
        return self.dice.choice(["0", "1", "2", "3", "5", "10", "2.5", "0.333333"])


class Case:
    def __init__(self, seed: int, events: int):
        self.dice = random.Random(seed)
        self.count = events
        self.zone, start = self.dice.choice(ZONES)
        self.start = int(datetime.fromisoformat(start + "T00:00:00+00:00").timestamp() * 1000)
        self.days = self.dice.choice([6, 20, 40])
        self.members = [f"member/{name}" for name in ["a", "b", "10", "9", "é", "Z"][: self.dice.randint(2, 6)]]
        self.communities = ["g1", "g2"]
        self.favourites = self.dice.sample(BEHAVIOUR, self.dice.randint(3, 5))
        self.edges: list[str] = []

    # The playbook

    def metric(self, community: bool) -> tuple[str, dict]:
        """A metric and the kind of its value."""
        fold = self.dice.choice(
            ["count", "count", "sum", "min", "max", "mean", "first", "last", "last", "distinct", "streak", "field"]
        )
        body: dict = {}
        kind = "number"
        if fold in ("count", "streak"):
            body[fold] = self.dice.choice([self.dice.choice(BEHAVIOUR), self.dice.sample(BEHAVIOUR, 2)])
        elif fold in ("sum", "min", "max", "mean"):
            body[fold] = ".".join(self.dice.choice(NUMBERS))
        elif fold == "distinct":
            body[fold] = "message.posted.member" if community else ".".join(self.dice.choice(TEXTS))
        elif fold == "field":
            fold = self.dice.choice(["first", "last"])
            body[fold] = ".".join(self.dice.choice(TEXTS))
            kind = "text"
        else:
            body[fold] = self.dice.choice([self.dice.choice(BEHAVIOUR), self.dice.sample(BEHAVIOUR, 3)])
            kind = "time"
        if fold != "streak":
            self.window(body)
        if self.dice.random() < 0.15 and isinstance(body[fold], str) and body[fold].startswith("order.paid"):
            body["where"] = self.dice.choice(
                ["amount > 10", 'category == "tea"', "not (amount < 5)", 'category in ["tea", "cup"]']
            )
        if self.dice.random() < 0.2:
            body["actor"] = self.dice.choice(["any", "operator", ["member", "operator"]])
        return kind, body

    def window(self, body: dict) -> None:
        roll = self.dice.random()
        if roll < 0.5:
            body["window"] = self.dice.choice(WINDOWS)
        elif roll < 0.6:
            low, high = sorted(self.dice.sample(range(len(WINDOWS)), 2))
            body["window"] = {"between": [WINDOWS[high], WINDOWS[low]]}
        elif roll < 0.75:
            body["window"] = self.dice.choice(["today", "this_week", "this_month"])
        elif roll < 0.83:
            first = self.start // DAY + self.dice.randint(0, self.days // 2)
            last = first + self.dice.randint(1, 9)
            # A day that the zone skips (Pacific/Apia, 2011-12-30) is no window: the next one ends it.
            if self.midnight(first) == self.midnight(last):
                last += 1
            dates = [text(first * DAY)[:10], text(last * DAY)[:10]]
            self.edges += dates
            body["window"] = {"from": dates[0], "to": dates[1]}

    def midnight(self, day: int) -> float:
        """The instant at which a day, counted from 1970, begins in the zone; where it is skipped, the next one's."""
        date = datetime.fromisoformat(text(day * DAY)[:10])
        return date.replace(tzinfo=ZoneInfo(self.zone)).timestamp()

    def program(self, community: bool) -> tuple[dict, dict, Expressions]:
        metrics, named = {}, {"number": [], "text": [], "time": []}
        metrics["seen"] = {"last": "message.posted" if community else ["order.paid", "checkin.done", "page.viewed"]}
        named["time"].append("seen")
        metrics["often"] = {"count": self.dice.choice(BEHAVIOUR), "window": self.dice.choice(LONG)}
        named["number"].append("often")
        for number in range(self.dice.randint(3, 8)):
            kind, body = self.metric(community)
            metrics[f"m{number}"] = body
            named[kind].append(f"m{number}")
        made = Expressions(self.dice, named["number"], named["text"], named["time"], [])
        tags: dict = {}
        if not community:
            tags["city"] = {"fact": "member.identified.city"}
            made.texts.append("city")
        for number in range(self.dice.randint(2, 5)):
            name = f"t{number}"
            roll = self.dice.random()
            if roll < 0.5:
                tags[name] = {"label": name, "rule": made.flag()}
                made.flags.append(name)
            elif roll < 0.75:
                cases = [
                    {"when": made.flag(1), "value": word} for word in ("tea", "low", "中")[: self.dice.randint(1, 3)]
                ]
                tags[name] = {"label": name, "cases": cases + ([{"else": "rest"}] if self.dice.random() < 0.7 else [])}
                made.texts.append(name)
            else:
                tags[name] = {"label": name, "value": made.number(2)}
                made.numbers.append(name)
        return metrics, tags, made

    def funnel(self, tags: list[str]) -> dict:
        order = self.dice.choice(["ordered", "ordered", "strict", "any"])
        names = ["one", "two", "three", "four"][: self.dice.randint(2, 4)]
        steps = []
        for name in names:
            step: dict = {"name": name, "label": name}
            roll = self.dice.random()
            if roll < 0.15:
                step["event"] = self.dice.sample(BEHAVIOUR, 2)
            elif roll < 0.3:
                step["event"] = "order.paid"
                step["where"] = self.dice.choice(["amount > 10", 'category == "tea"'])
            else:
                step["event"] = self.dice.choice(self.favourites if roll < 0.85 else BEHAVIOUR)
            steps.append(step)
        body: dict = {"label": "f", "window": self.dice.choice(WINDOWS[1:]), "order": order, "steps": steps}
        if order != "any" and self.dice.random() < 0.5:
            start = self.dice.randrange(len(names) - 1)
            end = self.dice.randrange(start + 1, len(names))
            body["exclude"] = [
                {
                    "event": self.dice.choice(["contact.deleted", *self.favourites]),
                    "from": names[start],
                    "to": names[end],
                }
            ]
        if self.dice.random() < 0.7:
            body["breakdown"] = {"by": self.dice.choice(["channel", "community", self.dice.choice(tags)])}
            if body["breakdown"]["by"] not in tags:
                body["breakdown"]["attribution"] = self.dice.choice(["first", "last", "step 1", "step 2"])
        return body

    def playbook(self) -> dict:
        member_metrics, member_tags, made = self.program(False)
        community_metrics, community_tags, _ = self.program(True)
        book: dict = {
            "playbook": "case",
            "label": "case",
            "zone": self.zone,
            "clock": "log",
            "metrics": {"member": member_metrics, "community": community_metrics},
            "tags": {"member": member_tags, "community": community_tags},
        }
        if self.dice.random() < 0.7:
            book["scores"] = {
                "loyalty": {
                    "label": "l",
                    "value": f"10 * {made.dice.choice(made.numbers)} - {made.literal()}",
                    "cut": "20",
                },
                "satisfaction": {"label": "s", "value": f"{made.number(1)} * 20", "cut": "50"},
            }
            book["quadrants"] = {
                "x": "satisfaction",
                "y": "loyalty",
                "labels": [
                    {"id": "both", "label": "b", "when": "loyalty >= loyalty.cut and satisfaction >= satisfaction.cut"},
                    {"label": "羊毛型", "when": "loyalty >= loyalty.cut"},
                    {"label": "需求型", "when": "satisfaction >= satisfaction.cut"},
                ],
            }
        book["segments"] = {
            "seg": {"label": "s", "rule": made.flag()},
            "top": {
                "label": "t",
                "top": self.dice.choice(["30%", "50%", "10%"]),
                "by": self.dice.choice(made.numbers),
                "refresh": "1h",
            },
        }
        book["funnels"] = {f"f{number}": self.funnel(sorted(member_tags)) for number in range(self.dice.randint(1, 3))}
        return book

    # The events

    def time(self, times: list[int]) -> int:
        """A time that another event has, one a window away from it, a local midnight, or one on the grid."""
        roll = self.dice.random()
        if times and roll < 0.18:
            return self.dice.choice(times)
        if times and roll < 0.30:
            return self.dice.choice(times) + SPANS[self.dice.choice(WINDOWS)] + self.dice.choice([0, 0, 1, -1])
        if roll < 0.36:
            day = datetime.fromtimestamp(self.start // 1000, timezone.utc) + timedelta(
                days=self.dice.randrange(self.days)
            )
            if self.edges and self.dice.random() < 0.6:
                day = datetime.fromisoformat(self.dice.choice(self.edges))
            midnight = day.replace(hour=0, tzinfo=ZoneInfo(self.zone))
            return int(midnight.timestamp()) * 1000 + self.dice.choice([0, 0, -1])
        ms = self.start + self.dice.randrange(self.days * 48) * HOUR // 2
        return ms + self.dice.choice([0, 0, 0, 1, -1, self.dice.randrange(HOUR // 2)])

    def received(self, ms: int) -> int:
        roll = self.dice.random()
        if roll < 0.32:
            return ms + self.dice.choice(
                [72 * HOUR, self.dice.randrange(1, 72 * HOUR), self.dice.randrange(1, 6 * HOUR)]
            )
        if roll < 0.35:
            return ms + 72 * HOUR + self.dice.choice([1, DAY])
        if roll < 0.40:
            return ms - self.dice.choice([5 * 60_000, self.dice.randrange(1, 5 * 60_000)])
        if roll < 0.42:
            return ms - 5 * 60_000 - self.dice.choice([1, HOUR])
        return ms + self.dice.choice([0, self.dice.randrange(2000)])

    def data(self, kind: str) -> dict:
        pick = self.dice.choice
        if kind == "order.paid":
            made = {"amount": pick([0, 1, 5, 10, 12.5, 99.99, 0.000001, self.dice.randrange(10000) / 100])}
            if self.dice.random() < 0.85:
                made["category"] = pick(WORDS["category"])
            return made
        if kind == "survey.answered":
            return {"score": self.dice.randint(0, 10)} if self.dice.random() < 0.9 else {}
        if kind == "message.posted":
            return {"kind": pick(["text", "image"]), "length": self.dice.randint(0, 50)}
        if kind == "page.viewed":
            return {"page": pick(WORDS["page"])}
        if kind == "coupon.redeemed":
            return {"coupon_id": "k", "campaign": pick(WORDS["campaign"])}
        if kind == "member.identified":
            return {"city": pick([*WORDS["city"], None])}
        return {}

    def event(self, number: int, times: list[int]) -> dict:
        pool = BEHAVIOUR if self.dice.random() < 0.5 else self.favourites
        kind = self.dice.choice([*pool, *pool, "member.identified", "contact.deleted", "touch.opened"])
        ms = self.time(times)
        times.append(ms)
        actor = self.dice.choices(["member", "operator", "insider", "system"], [85, 9, 3, 3])[0]
        made = {
            "specversion": "1.0",
            "id": self.dice.choice(["e", "E", "é", ""]) + str(number),
            "source": "generated",
            "type": kind,
            "time": text(ms),
            "subject": self.dice.choice(self.members),
            "tenant": "case",
            "receivedat": text(self.received(ms)),
            "actor": actor,
            "data": self.data(kind),
        }
        if self.dice.random() < 0.5:
            made["community"] = self.dice.choice(self.communities)
        if self.dice.random() < 0.4:
            made["channel"] = self.dice.choice(["ad", "qr"])
        if self.dice.random() < 0.02:
            made["data"]["amount"] = self.dice.choice([1.0000001, 1000000000000])
        return made

    def events(self) -> tuple[list[dict], dict]:
        times: list[int] = []
        made = [self.event(number, times) for number in range(self.count)]
        copies = 0
        for event in list(made):
            roll = self.dice.random()
            if roll < 0.06:
                made.append(dict(event))
                copies += 1
            elif roll < 0.07:
                other = {**event, "data": {**event["data"], "amount": 7}}
                made.append({**other, "receivedat": event["receivedat"]})
                copies += 1
            elif roll < 0.08:
                made.append({**event, "subject": self.dice.choice(self.members)})
        self.dice.shuffle(made)
        made.sort(key=lambda event: event["receivedat"])
        late = sum(
            60_000 < milliseconds(event["receivedat"]) - milliseconds(event["time"]) <= 72 * HOUR for event in made
        )
        ties = len(times) - len(set(times))
        return made, {"events": len(made), "late": late, "ties": ties, "copies": copies}

    def until(self, events: list[dict]) -> str:
        last = max(event["receivedat"] for event in events)
        end = milliseconds(last)
        roll = self.dice.random()
        if roll < 0.3:
            return text(end + self.dice.choice([1000, HOUR, DAY, 10 * DAY]))
        if roll < 0.6:
            return self.dice.choice(events)["receivedat"]
        edge = self.dice.choice(events)["time"]
        return text(
            milliseconds(edge)
            + self.dice.choice([12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY])
            + self.dice.choice([-1, 0, 1])
        )


PLAIN = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.%/ ]*$")


def scalar(value: str) -> str:
    return value if PLAIN.match(value) and not value.endswith(" ") else json.dumps(value, ensure_ascii=False)


def yaml(value, depth: int = 0) -> str:
    """Block maps on the outside, flow within, as people write it."""
    if isinstance(value, dict) and depth < 3:
        lines = []
        for key, inner in value.items():
            if isinstance(inner, dict) and depth < 2:
                lines.append("  " * depth + f"{key}:\n" + yaml(inner, depth + 1))
            else:
                lines.append("  " * depth + f"{key}: {flow(inner)}\n")
        return "".join(lines)
    return flow(value)


def flow(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return scalar(str(value))


def write(seed: int, events: int, out: pathlib.Path) -> dict:
    """Writes one case and returns what stands in its `case.json`."""
    case = Case(seed, events)
    (out / "playbook").mkdir(parents=True, exist_ok=True)
    (out / "playbook" / "playbook.yaml").write_text(yaml(case.playbook()), encoding="utf-8")
    made, counts = case.events()
    with open(out / "events.ndjson", "w", encoding="utf-8") as file:
        for event in made:
            # Plain decimals: JSON's 1e-06 is allowed too and stands in one of the pool's amounts.
            file.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")
    described = {"seed": seed, "until": case.until(made), **counts}
    (out / "case.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return described


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--events", type=int, default=120)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    print(json.dumps(write(arguments.seed, arguments.events, pathlib.Path(arguments.out))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
