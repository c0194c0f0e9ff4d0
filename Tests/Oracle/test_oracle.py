#!/usr/bin/env python3
"""Hand-made cases for the oracle: `python3 Tests/Oracle/test_oracle.py`."""

import json
import pathlib
import random
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import generate  # noqa: E402
from oracle import Fold  # noqa: E402  (prepares the environment)

from foldoracle import expressions, zones  # noqa: E402
from foldoracle.values import Decimal, Span, Time, canonical, divided, instant, rounded  # noqa: E402

BASE = "2017-03-01T12:00:00.000Z"


def event(id_, kind, time, actor="member", subject="member/a", received=None, **data):
    attributes = {key: data.pop(key) for key in ("community", "channel", "operator") if key in data}
    raw = {
        "specversion": "1.0",
        "id": id_,
        "source": "t",
        "type": kind,
        "time": time,
        "subject": subject,
        "tenant": "t",
        "actor": actor,
        "data": data,
        **attributes,
    }
    if received:
        raw["receivedat"] = received
    return json.dumps(raw)


def fold(yaml_text, lines, until):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "playbook.yaml").write_text(
            "zone: " + ("UTC\n" if "zone:" not in yaml_text else "") + yaml_text.removeprefix("zone: "),
            encoding="utf-8",
        )
        return Fold(folder, lines, instant(until) if until else None)


def tag(result, name, subject="member/a"):
    since, value = result.subjects[subject].tags[name].last
    return value, canonical(Time(since)).strip('"')


def entries(result):
    return [json.loads(line) for line in result.funnels()]


def day(number, clock="12:00:00.000"):
    return f"2017-03-{number:02d}T{clock}Z"


METRICS = """
metrics:
  member:
    n7: {count: order.paid, window: 7d}
    s: {sum: order.paid.amount}
    mean: {mean: order.paid.amount}
    gap: {count: order.paid, window: {between: [3d, 1d]}}
    last: {last: order.paid}
    run: {streak: checkin.done}
    today: {count: checkin.done, window: today}
    cats: {distinct: order.paid.category}
"""


class Values(unittest.TestCase):
    def test_rounds_half_even(self):
        self.assertEqual(divided(Decimal(1), Decimal(3)), Decimal("0.333333"))
        self.assertEqual(divided(Decimal("0.000001"), Decimal(2)), Decimal(0))
        self.assertEqual(divided(Decimal("0.000003"), Decimal(2)), Decimal("0.000002"))
        self.assertEqual(rounded(Decimal("2.5"), 0), 2)
        self.assertIsNone(divided(Decimal(1), Decimal(0)))
        self.assertIsNone(rounded(Decimal(10) ** 6 * Decimal(10) ** 6))

    def test_writes_plain_decimals(self):
        self.assertEqual(canonical(Decimal("1200.500")), "1200.5")
        self.assertEqual(canonical(Decimal("1E+3")), "1000")
        self.assertEqual(canonical(Decimal("-0")), "0")

    def test_reads_times(self):
        self.assertEqual(canonical(instant("2017-01-01T11:53:26+01:00")), '"2017-01-01T10:53:26.000Z"')
        self.assertEqual(canonical(instant("2017-01-01T11:53:26.1239Z")), '"2017-01-01T11:53:26.123Z"')


class Expressions(unittest.TestCase):
    def value(self, text, now=None, **names):
        return expressions.evaluate(expressions.parse(text), names.get, now)

    def test_null(self):
        self.assertIsNone(self.value("a + 1"))
        self.assertIsNone(self.value("not (a > 1)"))
        self.assertIs(self.value("a > 1 or true"), True)
        self.assertIs(self.value("a > 1 and true"), False)
        self.assertIs(self.value("not (a > 1 and true)"), True)
        self.assertIsNone(self.value("a in [1, 2]"))
        self.assertEqual(self.value("coalesce(a, 7)"), 7)

    def test_precedence(self):
        self.assertEqual(self.value("1 + 2 * 3 - 4 / 2"), 5)
        self.assertIs(self.value("not false and true"), True)
        self.assertIs(self.value('2 between 1 and 2 and "a" in ["a"]'), True)

    def test_elapsed(self):
        now = Time(10 * 86_400_000)
        names = {"m": Time(7 * 86_400_000 - 1)}
        self.assertIs(self.value("elapsed(m) > 3d", now, **names), True)
        self.assertEqual(self.value("floor(elapsed(m) / 1d)", now, **names), 3)
        self.assertIs(self.value("not (elapsed(x) between 1d and 2d)", now), True)

    def test_spans(self):
        self.assertEqual(self.value("1d * 0.5 + 1h"), Span(13 * 3_600_000))
        self.assertIsNone(self.value("1d > 3"))


class Zones(unittest.TestCase):
    def test_a_skipped_date_and_a_day_that_begins_late(self):
        from datetime import date

        self.assertIsNone(zones.first_instant("Pacific/Apia", date(2011, 12, 30)))
        self.assertEqual(
            zones.first_instant("America/Sao_Paulo", date(2017, 10, 15)), instant("2017-10-15T03:00:00Z").ms
        )
        self.assertEqual(
            zones.start_from("Pacific/Apia", date(2011, 12, 30)),
            zones.first_instant("Pacific/Apia", date(2011, 12, 31)),
        )


class Accepting(unittest.TestCase):
    def test_classes(self):
        lines = [
            event("1", "order.paid", BASE, amount=1),
            event("1", "order.paid", BASE, amount=1),
            event("2", "order.paid", BASE, received="2017-03-04T12:00:00.001Z", amount=1),
            event("3", "order.paid", BASE, received="2017-03-04T12:00:00.000Z", amount=2),
            event("4", "order.paid", "2017-03-01T12:05:00.001Z", received=BASE, amount=1),
            event("5", "order.paid", BASE, amount=1.0000001),
            event("6", "order.paid", BASE, received="2017-03-09T12:00:00.000Z", amount=1),
        ]
        result = fold(METRICS, lines, day(8))
        self.assertEqual(dict(result.rejects), {"late": 1, "future": 1, "number": 1, "duplicate": 1})
        self.assertEqual(result.subjects["member/a"].metric("s", result.now.ms), 3)

    def test_a_community_judges_duplicates_by_itself(self):
        lines = [
            event("1", "order.paid", BASE, subject="member/a", community="c", amount=1),
            event("1", "order.paid", BASE, subject="member/b", community="c", amount=2),
        ]
        result = fold("metrics: {community: {s: {sum: order.paid.amount}}}\n", lines, day(2))
        self.assertEqual(sorted(result.subjects), ["community/c", "member/a", "member/b"])
        self.assertEqual(result.subjects["community/c"].metric("s", result.now.ms), 1)


class Tags(unittest.TestCase):
    def test_a_sliding_window_ends_exactly(self):
        book = METRICS + "tags: {member: {busy: {rule: n7 >= 2}}}\n"
        lines = [event("1", "order.paid", day(1), amount=1), event("2", "order.paid", day(3), amount=1)]
        self.assertEqual(tag(fold(book, lines, day(8, "11:59:59.999")), "busy"), (True, day(3)))
        self.assertEqual(tag(fold(book, lines, day(8)), "busy"), (False, day(8)))

    def test_two_sided_window(self):
        book = METRICS + "tags: {member: {then: {rule: gap == 1}}}\n"
        lines = [event("1", "order.paid", day(1), amount=1)]
        self.assertEqual(tag(fold(book, lines, day(3)), "then"), (True, day(2)))
        self.assertEqual(tag(fold(book, lines, day(5)), "then"), (False, day(4)))

    def test_elapsed_is_strict_by_a_millisecond(self):
        book = METRICS + "tags: {member: {quiet: {rule: elapsed(last) > 2d}, q2: {rule: elapsed(last) >= 2d}}}\n"
        result = fold(book, [event("1", "order.paid", day(1), amount=1)], day(9))
        self.assertEqual(tag(result, "quiet"), (True, day(3, "12:00:00.001")))
        self.assertEqual(tag(result, "q2"), (True, day(3)))

    def test_whole_units(self):
        book = METRICS + 'tags: {member: {days: {value: "floor(elapsed(last) / 1d)"}}}\n'
        result = fold(book, [event("1", "order.paid", day(1), amount=1)], day(4, "13:00:00.000"))
        self.assertEqual(tag(result, "days"), (Decimal(3), day(4)))

    def test_a_value_from_before_has_the_first_event_as_since(self):
        book = METRICS + "tags: {member: {busy: {rule: n7 >= 2}, city: {fact: member.identified.city}}}\n"
        result = fold(book, [event("1", "checkin.done", day(1))], day(9))
        self.assertEqual(tag(result, "busy"), (False, day(1)))
        self.assertEqual(tag(result, "city"), (None, day(1)))

    def test_before_its_first_visible_event_a_subject_has_no_tags(self):
        book = METRICS + "tags: {member: {busy: {rule: n7 >= 2}}}\n"
        ahead = event("1", "checkin.done", day(1, "12:04:00.000"), received=day(1))
        state = fold(book, [ahead], day(1)).state()
        self.assertEqual(len(state), 1)
        self.assertIn('"tags":{"busy":{"since":null,"value":null}}', state[0])
        self.assertIn('"n7":0', state[0])

    def test_cases_scores_and_quadrant(self):
        book = (
            METRICS
            + """
tags: {member: {stage: {cases: [{when: n7 == 0, value: none}, {when: quadrant == "top", value: best}, {else: some}]}}}
scores:
  loyalty: {value: 60 * n7, cut: 60}
  liking: {value: mean, cut: 5}
quadrants:
  x: liking
  y: loyalty
  labels:
    - {id: top, label: x, when: loyalty >= loyalty.cut and liking >= liking.cut}
"""
        )
        result = fold(
            book, [event("1", "order.paid", day(1), amount=5), event("2", "order.paid", day(2), amount=7)], day(3)
        )
        self.assertEqual(tag(result, "loyalty"), (Decimal(100), day(2)))
        self.assertEqual(tag(result, "quadrant"), ("top", day(1)))
        self.assertEqual(tag(result, "stage"), ("best", day(1)))
        self.assertEqual(
            tag(fold(book, [event("1", "order.paid", day(1), amount=5)], day(20)), "quadrant"), ("未分类", day(8))
        )

    def test_facts_take_the_newest_by_time_then_id(self):
        book = "tags: {member: {city: {fact: member.identified.city}}}\n"
        lines = [
            event("b", "member.identified", day(2), actor="system", city="Rome"),
            event("a", "member.identified", day(2), actor="system", city="Oslo"),
            event("c", "member.identified", day(1), actor="system", city="Bonn", received=day(3)),
            event("d", "member.identified", day(3), actor="system", city=None),
        ]
        self.assertEqual(tag(fold(book, lines, day(4)), "city"), ("Rome", day(2)))

    def test_streak_and_today_end_with_the_day(self):
        book = METRICS + "tags: {member: {run3: {rule: run >= 2}, now: {rule: today > 0}}}\n"
        book = "zone: America/New_York\n" + book
        lines = [event("1", "checkin.done", day(11)), event("2", "checkin.done", day(12))]
        result = fold(book, lines, "2017-03-14T12:00:00Z")
        # New York went to summer time on the 12th: the 13th begins at 04:00 UTC, the 14th too.
        self.assertEqual(tag(result, "now"), (False, "2017-03-13T04:00:00.000Z"))
        self.assertEqual(tag(result, "run3"), (False, "2017-03-14T04:00:00.000Z"))

    def test_segments(self):
        book = METRICS + "segments: {big: {rule: s >= 5}, best: {top: 50%, by: s}}\n"
        lines = [event(str(n), "order.paid", day(1), subject=f"member/{n}", amount=n) for n in (1, 5, 9)]
        self.assertEqual(
            [json.loads(line)["subject"] for line in fold(book, lines, day(2)).segments()],
            ["member/5", "member/9", "member/5", "member/9"],
        )  # `best`: 1.5 members, rounded up; then `big`


def path(order="ordered", window="2d", steps="abc", extra=""):
    kinds = {"a": "account.followed", "b": "contact.added", "c": "order.paid", "d": "community.joined"}
    listed = ", ".join(f"{{name: {step}, event: {kinds[step]}}}" for step in steps)
    return f"funnels: {{f: {{window: {window}, order: {order}, steps: [{listed}]{extra}}}}}\n"


A, B, C, D, X = "account.followed", "contact.added", "order.paid", "community.joined", "checkin.done"


class Funnels(unittest.TestCase):
    def run_path(self, book, happenings, until=day(9)):
        return entries(fold(book, [event(str(n), *what) for n, what in enumerate(happenings)], until))

    def test_window_is_inclusive_and_status(self):
        found = self.run_path(path(), [(A, day(1)), (B, day(2)), (C, day(3))])
        self.assertEqual([(e["day"], e["level"], e["status"]) for e in found], [("2017-03-01", 3, "converted")])
        found = self.run_path(path(), [(A, day(1)), (B, day(2)), (C, day(3, "12:00:00.001"))], day(3))
        self.assertEqual([(e["level"], e["status"]) for e in found], [(2, "open")])
        found = self.run_path(path(), [(A, day(1)), (B, day(2))], day(3, "12:00:00.001"))
        self.assertEqual([(e["level"], e["status"]) for e in found], [(2, "dropped")])

    def test_the_latest_start_then_the_earliest_steps(self):
        found = self.run_path(
            path(steps="ab"),
            [
                (A, day(1, "01:00:00.000")),
                (A, day(1, "02:00:00.000")),
                (B, day(1, "03:00:00.000")),
                (B, day(1, "04:00:00.000")),
            ],
        )
        self.assertEqual(found[0]["times"], [day(1, "02:00:00.000"), day(1, "03:00:00.000")])

    def test_ties_stand_in_order_of_the_lowest_step(self):
        lines = [event("z", A, day(1)), event("a", B, day(1))]
        self.assertEqual(entries(fold(path(steps="ab"), lines, day(2)))[0]["level"], 2)
        self.assertEqual(entries(fold(path(steps="ba"), lines, day(2)))[0]["level"], 2)

    def test_strict_lets_no_other_behaviour_between(self):
        book = path("strict", steps="ab")
        self.assertEqual(self.run_path(book, [(A, day(1)), (X, day(1, "13:00:00.000")), (B, day(2))])[0]["level"], 1)
        touched = [
            (A, day(1)),
            ("touch.opened", day(1, "13:00:00.000")),
            (X, day(1, "14:00:00.000"), "system"),
            (B, day(2)),
        ]
        self.assertEqual(self.run_path(book, touched)[0]["level"], 2)
        self.assertEqual(self.run_path(book, [(A, day(1)), (B, day(2), "operator")])[0]["level"], 1)
        self.assertEqual(
            self.run_path(book, [(A, day(1)), (X, day(1, "13:00:00.000"))], day(2))[0]["status"], "dropped"
        )

    def test_steps_may_be_anyones_when_ordered(self):
        self.assertEqual(self.run_path(path(steps="ab"), [(A, day(1)), (B, day(2), "operator")])[0]["level"], 2)

    def test_exclusion_cuts_and_closes(self):
        book = path(steps="abc", extra=", exclude: [{event: contact.deleted, from: b, to: c}]")
        bad = [(A, day(1)), (B, day(1, "13:00:00.000")), ("contact.deleted", day(1, "14:00:00.000")), (C, day(2))]
        found = self.run_path(book, bad, day(2))
        self.assertEqual((found[0]["level"], found[0]["status"]), (2, "open"))  # e1 alone could take a new step 2
        again = bad[:3] + [(B, day(1, "15:00:00.000")), (C, day(2))]
        self.assertEqual(self.run_path(book, again)[0]["times"][1], day(1, "15:00:00.000"))

    def test_any_order_and_entries_inside_earlier_ones(self):
        found = self.run_path(path("any", steps="ab"), [(B, day(1)), (A, day(2))])
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["times"], [day(2), day(1)])

    def test_any_assigns_earliest_first_steps(self):
        book = (
            "funnels: {f: {window: 2d, order: any, steps: [{name: a, event: [checkin.done, order.paid]}, "
            "{name: b, event: checkin.done}, {name: c, event: page.viewed}]}}\n"
        )
        found = self.run_path(
            book,
            [
                (X, day(1)),
                (X, day(2)),
            ],
        )
        self.assertEqual(found[0]["times"], [day(1), day(2), None])

    def test_breakdown(self):
        extra = ", breakdown: {by: channel, attribution: %s}"
        lines = [event("1", A, day(1)), event("2", B, day(2), channel="x"), event("3", C, day(3), channel="y")]
        for attribution, wanted in (("first", "x"), ("last", "y"), ("step 2", "x"), ("step 1", None)):
            found = entries(fold(path(extra=extra % attribution), lines, day(4)))
            self.assertEqual(found[0]["breakdown"], wanted, attribution)

    def test_breakdown_by_tag_is_of_the_entry(self):
        book = (
            path(steps="ab", extra=", breakdown: {by: city}")
            + "tags: {member: {city: {fact: member.identified.city}}}\n"
        )
        lines = [
            event("1", "member.identified", day(1), city="Rome"),
            event("2", A, day(2)),
            event("3", "member.identified", day(2, "13:00:00.000"), city="Oslo"),
            event("4", B, day(3)),
        ]
        self.assertEqual(entries(fold(book, lines, day(4)))[0]["breakdown"], "Rome")

    def test_breakdown_of_an_entry_dated_ahead_is_the_tag_of_its_instant(self):
        book = path(steps="ab", extra=", breakdown: {by: busy}")
        book += "metrics: {member: {often: {count: checkin.done, window: 1h}}}\n"
        book += "tags: {member: {busy: {rule: often >= 1}}}\n"
        lines = [
            event("1", X, day(1, "18:00:00.000")),
            event("2", A, day(1, "18:30:00.000"), received=day(1, "18:26:00.000")),
            event("3", "page.viewed", day(11)),
        ]
        self.assertEqual(entries(fold(book, lines, day(20)))[0]["breakdown"], "true")

    def test_days_are_local(self):
        book = "zone: Asia/Shanghai\n" + path(steps="ab")
        self.assertEqual(self.run_path(book, [(A, day(1, "16:00:00.000"))])[0]["day"], "2017-03-02")


class Laws(unittest.TestCase):
    def outputs(self, folder, lines, until):
        result = Fold(folder, lines, instant(until))
        return result.state(), result.funnels(), result.segments()

    def test_order_and_repetition_do_not_matter(self):
        """Law 1 on generated cases; copies that differ under one id are left out: the first in the log wins."""
        for seed in range(1, 9):
            with tempfile.TemporaryDirectory() as folder:
                case = generate.write(seed, 60, pathlib.Path(folder))
                lines = pathlib.Path(folder, "events.ndjson").read_text(encoding="utf-8").splitlines()
                first = {}
                for line in lines:
                    first.setdefault(json.loads(line)["id"], line)
                unique = list(first.values())
                once = self.outputs(folder + "/playbook", unique, case["until"])
                mixed = unique + unique[::3]
                random.Random(seed).shuffle(mixed)
                self.assertEqual(once, self.outputs(folder + "/playbook", mixed, case["until"]), f"seed {seed}")

    def test_a_seed_gives_one_case_with_what_it_promises(self):
        for seed in (3, 4):
            with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
                case = generate.write(seed, 200, pathlib.Path(one))
                self.assertEqual(case, generate.write(seed, 200, pathlib.Path(two)))
                for name in ("events.ndjson", "playbook/playbook.yaml"):
                    self.assertEqual(pathlib.Path(one, name).read_bytes(), pathlib.Path(two, name).read_bytes())
                self.assertGreaterEqual(case["late"], 0.2 * case["events"])
                self.assertGreaterEqual(case["ties"], 0.1 * 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
