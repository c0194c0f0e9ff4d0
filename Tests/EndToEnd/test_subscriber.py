#!/usr/bin/env python3
"""Tries the example subscriber and validate_messages.py on librdkafka's mock broker.

`python3 Tests/EndToEnd/test_subscriber.py`
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

from confluent_kafka import Producer  # noqa: E402

SUBSCRIBER = ROOT / "schemas" / "subscriber" / "subscriber.py"
VALIDATE = ROOT / "Tests" / "EndToEnd" / "validate_messages.py"
EXAMPLES = ROOT / "schemas" / "examples"


class Broker:
    """A mock broker that lives in this producer; other processes reach it on its loopback port."""

    def __init__(self):
        self.producer = Producer(
            {"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "partitioner": "murmur2_random"}
        )
        broker = next(iter(self.producer.list_topics(timeout=10).brokers.values()))
        self.address = f"{broker.host}:{broker.port}"

    def write(self, topic, key, value, headers=None):
        body = None if value is None else json.dumps(value).encode() if not isinstance(value, bytes) else value
        self.producer.produce(topic, key=key, value=body, headers=headers or [])

    def flush(self):
        self.producer.flush(10)


def change(sequence, tag, value, epoch=1, since="2017-02-03T15:04:05.000Z"):
    made = copy.deepcopy(
        json.loads((EXAMPLES / "messages" / "hearth.tag.changed.json").read_text())["valid"]["typical"]
    )
    made["data"].update(sequence=sequence, tag=tag, value=value, storeEpoch=epoch, since=since)
    return made


def run(script, *arguments):
    done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Subscriber(unittest.TestCase):
    KEY = "complete-journey/member/900"

    def follow(self, broker, *arguments):
        broker.flush()
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder, "tags.ndjson")
            code, text, errors = run(
                SUBSCRIBER, "--brokers", broker.address, "--out", str(out), "--until-caught-up", *arguments
            )
            return code, text, errors, out.read_text(encoding="utf-8") if out.exists() else ""

    def test_drops_repeats_and_rebuilds_the_table(self):
        broker = Broker()
        for record in (
            change(1, "loyalty", 62.50),
            change(2, "silent", False),
            change(2, "silent", False),
            change(1, "loyalty", 1),
            change(3, "silent", True),
        ):
            broker.write("hearth.tags.v1", self.KEY, record)
        broker.write("hearth.tags.v1", self.KEY, b"not read", [("hearth-control", b"tick")])
        broker.write("hearth.tags.v1", "complete-journey/community/330", change(1, "cooling", True))
        code, text, _, table = self.follow(broker)
        self.assertEqual(code, 0)
        self.assertIn("applied=4 dropped=2 control=1 tombstones=0 alarms=0", text)
        since = '"since":"2017-02-03T15:04:05.000Z"'
        self.assertEqual(
            table.splitlines(),
            [
                f'{{"subject":"community/330","tags":{{"cooling":{{{since},"value":true}}}},'
                '"tenant":"complete-journey"}',
                f'{{"subject":"member/900","tags":{{"loyalty":{{{since},"value":62.5}},'
                f'"silent":{{{since},"value":true}}}},'
                '"tenant":"complete-journey"}',
            ],
        )

    def test_alarms_on_a_jump_and_leaves_the_key_there(self):
        broker = Broker()
        for record in (change(1, "silent", False), change(3, "silent", True), change(4, "silent", False)):
            broker.write("hearth.tags.v1", self.KEY, record)
        code, text, errors, table = self.follow(broker)
        self.assertEqual(code, 5)
        self.assertIn("expected 2, got 3", errors)
        self.assertIn('"value":false', table)

    def test_a_raised_epoch_numbers_anew_and_a_lower_one_is_dropped(self):
        broker = Broker()
        for record in (
            change(1, "silent", False),
            change(2, "silent", True),
            change(2, "silent", False, epoch=2),
            change(3, "silent", True),
            change(3, "lost", True, epoch=2),
        ):
            broker.write("hearth.tags.v1", self.KEY, record)
        code, text, _, table = self.follow(broker)
        self.assertEqual(code, 0)
        self.assertIn("epochs=1", text)
        self.assertIn('"lost":{"since":"2017-02-03T15:04:05.000Z","value":true}', table)
        self.assertIn('"silent":{"since":"2017-02-03T15:04:05.000Z","value":false}', table)

    def test_goes_on_from_its_state_and_compares_with_a_fold(self):
        with tempfile.TemporaryDirectory() as folder:
            state, fold = str(pathlib.Path(folder, "state.json")), pathlib.Path(folder, "fold.ndjson")
            broker = Broker()
            broker.write("hearth.tags.v1", self.KEY, change(1, "silent", False))
            self.assertEqual(self.follow(broker, "--state", state)[0], 0)
            broker.write("hearth.tags.v1", self.KEY, change(2, "silent", True))
            value = {"value": True, "since": "2017-02-03T15:04:05.000Z"}
            nothing = {"value": None, "since": "2017-02-03T15:04:05.000Z"}
            fold.write_text(json.dumps({"subject": "member/900", "tags": {"silent": value, "city": nothing}}) + "\n")
            code, text, _, _ = self.follow(
                broker, "--state", state, "--compare", str(fold), "--tenant", "complete-journey"
            )
            self.assertEqual((code, "applied=1 dropped=1" in text, "0 tags differ" in text), (0, True, True))


class Validate(unittest.TestCase):
    def test_every_example_passes_and_a_broken_record_is_named(self):
        broker = Broker()
        topics = {
            "hearth.deadletter": "hearth.deadletter.v1",
            "hearth.tag.changed": "hearth.tags.v1",
            "hearth.funnel.entry": "hearth.funnels.v1",
            "hearth.profile.current": "hearth.profiles.v1",
            "hearth.signal.changed": "hearth.signals.v1",
            "hearth.segment.entered": "hearth.segments.v1",
            "hearth.segment.exited": "hearth.segments.v1",
            "hearth.touch.decided": "hearth.touches.v1",
            "hearth.delivery.receipt": "hearth.deliveries.v1",
        }
        number = 0
        for kind, topic in topics.items():
            for record in json.loads((EXAMPLES / "messages" / f"{kind}.json").read_text())["valid"].values():
                broker.write(topic, f"{record.get('tenant')}/{record.get('subject')}", record)
                number += 1
        for record in json.loads((EXAMPLES / "cloudevent.json").read_text())["valid"].values():
            broker.write("hearth.events.v1", f"{record['tenant']}/{record['subject']}", record)
            number += 1
        broker.write("hearth.profiles.v1", "t/member/1", None)
        broker.flush()
        code, text, errors = run(VALIDATE, "--brokers", broker.address)
        self.assertEqual((code, errors), (0, ""), text)
        self.assertIn(f"{number + 1} records of 9 topics, 0 invalid", text)
        broken = change(1, "silent", True)
        del broken["data"]["origin"]
        broker.write("hearth.tags.v1", "complete-journey/member/900", broken)
        broker.write("hearth.tags.v1", "other/member/900", change(2, "silent", True))
        broker.write("hearth.tags.v1", "x", b"{")
        broker.flush()
        code, text, errors = run(VALIDATE, "--brokers", broker.address)
        self.assertEqual(code, 3)
        for wanted in ("data: breaks required", "key is not tenant/subject", "not JSON"):
            self.assertIn(wanted, errors)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
