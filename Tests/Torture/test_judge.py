#!/usr/bin/env python3
"""Tries the judge of the fault runs: it must see one lost and one doubled thing of every kind.

`python3 Tests/Torture/test_judge.py`; needs nothing but Python.
"""

import json
import pathlib
import sys
import unittest
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from events import Generator, encoded, text  # noqa: E402
from judge import (  # noqa: E402
    Acknowledged, Count, Followed, compare_counts, compare_published, judge_letters, judge_touches)

NOW = 1_790_000_000_000
ENTRY = ("level", "status", "breakdown", "times")


def batch(events: list[dict], refused: list[dict] = ()) -> bytes:
    return json.dumps({"at": NOW, "events": list(events), "refused": list(refused), "items": len(events)}).encode()


def acknowledged(count: int = 200) -> Acknowledged:
    generator, log = Generator(7, "t", 1), Acknowledged()
    log.read(batch([generator.event(NOW) | {"receivedat": NOW} for _ in range(count)]))
    return log


def tables(log: Acknowledged) -> dict[str, dict]:
    """What the store would hold if every event were counted once."""
    made = {}
    for subject, count in log.counts.items():
        made[subject] = {"taken": Decimal(count.taken), "weight": count.weight}
        if subject.startswith("member/"):
            made[subject] |= {"orders": Decimal(count.orders), "spend": count.spend if count.orders else None}
    return made


def change(sequence: int, value: object = True, tag: str = "buyer") -> dict:
    return {"type": "hearth.tag.changed", "data": {
        "sequence": sequence, "tag": tag, "value": value, "since": text(NOW), "storeEpoch": 1}}


class Counts(unittest.TestCase):
    def test_equal_counts_are_clean(self):
        log = acknowledged()
        self.assertTrue(compare_counts(log.counts, tables(log)).is_clean)

    def test_a_lost_event_is_seen_at_its_member_and_its_community(self):
        log = acknowledged()
        without = acknowledged()
        event = next(event for event in without.events.values() if "community" in event)
        held = tables(without)
        for subject in (event["subject"], f"community/{event['community']}"):
            held[subject]["taken"] -= 1
            held[subject]["weight"] -= event["data"]["weight"]
        verdict = compare_counts(log.counts, held)
        self.assertEqual((verdict.lost, verdict.double), (2, 0))

    def test_a_doubled_event_is_seen(self):
        log = acknowledged()
        held = tables(log)
        event = next(event for event in log.events.values() if "community" not in event)
        held[event["subject"]]["taken"] += 1
        held[event["subject"]]["weight"] += event["data"]["weight"]
        verdict = compare_counts(log.counts, held)
        self.assertEqual((verdict.lost, verdict.double), (0, 1))

    def test_one_lost_and_one_doubled_of_the_same_member_do_not_cancel_out(self):
        log = acknowledged()
        held = tables(log)
        subject = next(subject for subject, count in log.counts.items() if count.taken > 1)
        held[subject]["weight"] += Decimal("0.0001")
        verdict = compare_counts(log.counts, held)
        self.assertEqual((verdict.lost, verdict.double), (1, 1))

    def test_a_member_that_is_missing_and_one_too_many_are_seen(self):
        log = acknowledged()
        held = tables(log)
        gone = next(iter(log.counts))
        del held[gone]
        held["member/nobody"] = {"taken": Decimal(3), "weight": Decimal(1)}
        verdict = compare_counts(log.counts, held)
        self.assertEqual((verdict.lost, verdict.double), (log.counts[gone].taken, 3))

    def test_a_wrong_sum_of_orders_is_seen(self):
        log = acknowledged()
        held = tables(log)
        buyer = next(iter(log.buyers()))
        held[buyer]["spend"] += 1
        self.assertEqual(compare_counts(log.counts, held).wrong, 1)

    def test_an_item_refused_with_another_class_is_seen(self):
        log = Acknowledged()
        log.read(batch([], [{"id": "x", "class": "schema", "wanted": "late", "letter": "1"}]))
        self.assertEqual(log.verdict.wrong, 1)

    def test_poison_that_was_accepted_is_counted_as_an_event_nobody_may_lose(self):
        log = acknowledged(3)
        self.assertEqual(compare_counts(log.counts, {}).lost, sum(count.taken for count in log.counts.values()))


class Published(unittest.TestCase):
    def follow(self, *changes: dict) -> Followed:
        followed = Followed()
        for each in changes:
            followed.take("hearth.tags.v1", "t/member/1", each)
        return followed

    def test_a_repeat_is_dropped(self):
        followed = self.follow(change(1), change(2, False), change(1), change(2, False))
        self.assertTrue(followed.verdict.is_clean)
        self.assertEqual(followed.counts["repeats"], 2)
        self.assertEqual(followed.values["tags"]["t/member/1 buyer"]["value"], False)

    def test_a_gap_is_seen_as_lost(self):
        self.assertEqual(self.follow(change(1), change(4)).verdict.lost, 2)

    def test_a_repeat_that_says_something_else_is_seen_as_doubled(self):
        self.assertEqual(self.follow(change(1), change(1, False)).verdict.double, 1)

    def test_topics_and_keys_are_numbered_apart(self):
        followed = self.follow(change(1))
        followed.take("hearth.tags.v1", "t/member/2", change(1))
        self.assertTrue(followed.verdict.is_clean)

    def test_a_tag_that_ends_with_another_value_is_seen(self):
        followed = self.follow(change(1)).dump()
        states = [{"subject": "member/1", "tags": {"buyer": {"value": True, "since": "x"}}}]
        self.assertTrue(compare_published(followed, states, [], [], "t").is_clean)
        states[0]["tags"]["buyer"]["value"] = False
        self.assertEqual(compare_published(followed, states, [], [], "t").wrong, 1)
        self.assertEqual(compare_published(followed, [], [], [], "t").wrong, 1)

    def test_an_entry_and_a_membership_that_differ_are_seen(self):
        entry = {"funnel": "path", "day": "2026-01-01", "level": 1, "status": "open", "breakdown": None, "times": []}
        followed = self.follow().dump()
        followed["entries"] = {"t/member/1 path 2026-01-01": {name: entry[name] for name in ENTRY}}
        followed["segments"] = {"t/member/1 buyers": {"since": "x"}}
        wanted = entry | {"subject": "member/1", "revision": 4}
        member = {"subject": "member/1", "segment": "buyers", "since": "y"}
        self.assertTrue(compare_published(followed, [], [wanted], [member], "t").is_clean)
        self.assertEqual(compare_published(followed, [], [wanted | {"level": 2}], [], "t").wrong, 2)


class Touches(unittest.TestCase):
    ROWS = [["journey/welcome", "member/1", "decided", "a"], ["journey/recall", "member/1", "decided", "b"]]
    RECEIPTS = {"a": ["sent"], "b": ["sent"]}

    def judged(self, buyers=("member/1",), rows=None, receipts=None, written=("a", "b")):
        return judge_touches(set(buyers), rows or self.ROWS, self.RECEIPTS if receipts is None else receipts, written)

    def test_one_thanks_a_buyer_one_receipt_and_one_line_a_touch_are_clean(self):
        self.assertTrue(self.judged().is_clean)

    def test_a_buyer_who_was_not_thanked_is_seen(self):
        self.assertEqual(self.judged(buyers=("member/1", "member/2")).lost, 1)

    def test_thanks_twice_and_thanks_to_nobody_who_bought_are_seen(self):
        rows = self.ROWS + [["journey/welcome", "member/1", "decided", "c"]]
        receipts = self.RECEIPTS | {"c": ["sent"]}
        self.assertEqual(self.judged(rows=rows, receipts=receipts, written=("a", "b", "c")).double, 1)
        self.assertEqual(self.judged(buyers=()).double, 1)

    def test_a_missing_and_a_second_receipt_are_seen(self):
        self.assertEqual(self.judged(receipts={"a": ["sent"]}).lost, 1)
        self.assertEqual(self.judged(receipts={"a": ["sent", "sent"], "b": ["sent"]}).double, 1)

    def test_a_missing_and_a_second_line_are_seen(self):
        self.assertEqual(self.judged(written=("a",)).lost, 1)
        self.assertEqual(self.judged(written=("a", "b", "b")).double, 1)

    def test_what_nobody_decided_and_what_failed_are_seen(self):
        self.assertEqual(self.judged(written=("a", "b", "z")).wrong, 1)
        self.assertEqual(self.judged(receipts={"a": ["failed"], "b": ["sent"]}).wrong, 1)


class Letters(unittest.TestCase):
    def test_a_missing_dead_letter_is_seen_unless_the_broker_was_ending(self):
        self.assertEqual(judge_letters({"a": 5, "b": 50}, {"a": "late"}, []).lost, 1)
        self.assertTrue(judge_letters({"a": 5, "b": 50}, {"a": "late"}, [(40, 60)]).is_clean)
        self.assertEqual(judge_letters({"a": 5, "b": 70}, {"a": "late"}, [(40, 60)]).lost, 1)


class Load(unittest.TestCase):
    def test_one_seed_makes_one_load(self):
        first, second = Generator(3, "t", 2), Generator(3, "t", 2)
        self.assertEqual([first.event(NOW) for _ in range(50)], [second.event(NOW) for _ in range(50)])

    def test_no_event_comes_where_a_window_of_a_day_would_end_during_the_judging(self):
        generator = Generator(3, "t", 2)
        for _ in range(2000):
            age = generator.age()
            self.assertTrue(age <= 25 * 60_000 or 30 * 3_600_000 <= age <= 60 * 3_600_000, age)

    def test_poison_has_bytes_of_its_own(self):
        generator = Generator(3, "t", 2)
        items = [generator.poison(NOW) for _ in range(200)]
        self.assertEqual(len({item for item, _ in items}), 200)
        self.assertEqual({wanted for _, wanted in items},
                         {"number", "late", "future", "type", "size", "depth", "envelope"})
        self.assertEqual(encoded(json.loads(items[0][0])), items[0][0])

    def test_a_count_begins_at_nothing(self):
        self.assertEqual(Count(), Count(0, Decimal(0), 0, Decimal(0)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
