#!/usr/bin/env python3
"""Validates every record of all hearth.* topics against schemas/: `validate_messages.py --brokers HOST:PORT`.

Reads each partition from its low to its high watermark of the start. Events are checked as envelope and, for a type
with a schema, as `data`; our own messages as a whole, by their `type`; keys must be `tenant/subject`. Control records
(header hearth-control) and tombstones are counted and not read. Prints counts per topic and the first faults, without
payload. Exit 0; 3 when a record is invalid; 4 without a broker or when a partition does not end.
"""

import argparse
import collections
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

import jsonschema  # noqa: E402
from confluent_kafka import Consumer, KafkaException, TopicPartition  # noqa: E402

CONTROL_HEADER = "hearth-control"
ALWAYS_FIRST = 5000
EVENT_TOPICS = ("hearth.events.v1", "hearth.community-events.v1")
ALLOWED = {
    "hearth.deadletter.v1": {"hearth.deadletter"},
    "hearth.tags.v1": {"hearth.tag.changed"},
    "hearth.funnels.v1": {"hearth.funnel.entry"},
    "hearth.profiles.v1": {"hearth.profile.current"},
    "hearth.signals.v1": {"hearth.signal.changed"},
    "hearth.touches.v1": {"hearth.touch.decided"},
    "hearth.segments.v1": {"hearth.segment.entered", "hearth.segment.exited"},
    "hearth.deliveries.v1": {"hearth.delivery.receipt"},
}


def validators(folder: str) -> dict[str, jsonschema.Draft202012Validator]:
    found = {}
    for path in (ROOT / "schemas" / folder).glob("*.schema.json"):
        found[path.name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(json.loads(path.read_text()))
    return found


class Checker:
    def __init__(self, faults_max: int, every: int = 1):
        self.every = every
        self.envelope = jsonschema.Draft202012Validator(
            json.loads((ROOT / "schemas" / "cloudevent.schema.json").read_text())
        )
        self.events, self.messages = validators("events"), validators("messages")
        self.counts: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.types: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.faults_max, self.shown = faults_max, 0

    def take(self, message) -> None:
        topic, counts = message.topic(), self.counts[message.topic()]
        counts["records"] += 1
        if any(name == CONTROL_HEADER for name, _ in message.headers() or []):
            counts["control"] += 1
        elif message.value() is None:
            counts["tombstones"] += 1
        elif self.every > 1 and counts["valid"] >= ALWAYS_FIRST and counts["records"] % self.every != 0:
            counts["unchecked"] += 1
        else:
            fault = self.fault(topic, message)
            counts["invalid" if fault else "valid"] += 1
            if fault and self.shown < self.faults_max:
                self.shown += 1
                print(f"error: {topic}/{message.partition()}/{message.offset()}: {fault}", file=sys.stderr)

    def fault(self, topic: str, message) -> str | None:
        """What is wrong with a record; never its payload."""
        try:
            record = json.loads(message.value())
        except (UnicodeDecodeError, json.JSONDecodeError) as problem:
            return f"not JSON: {type(problem).__name__}"
        kind = record.get("type") if isinstance(record, dict) else None
        self.types[topic][str(kind)] += 1
        if topic in EVENT_TOPICS:
            return (
                self.first(self.envelope, record)
                or self.first(self.events.get(kind), record.get("data"), "data")
                or key_fault(message, record, topic)
            )
        if topic in ALLOWED and kind not in ALLOWED[topic]:
            return f"type {str(kind)[:80]} does not belong on this topic"
        if kind not in self.messages:
            return f"type {str(kind)[:80]} has no schema"
        return self.first(self.messages[kind], record) or key_fault(message, record, topic)

    @staticmethod
    def first(validator, value, at: str = "") -> str | None:
        if validator is None:
            return None
        for error in validator.iter_errors(value):
            place = "/".join([at, *map(str, error.absolute_path)]).strip("/")
            return f"{place or 'record'}: breaks {error.validator} {str(error.validator_value)[:60]}"
        return None

    def report(self) -> int:
        for topic in sorted(self.counts):
            counts = self.counts[topic]
            print(
                f"{topic}: "
                + ", ".join(
                    f"{counts[name]} {name}"
                    for name in ("records", "control", "tombstones", "valid", "invalid", "unchecked")
                )
            )
            for kind, number in sorted(self.types[topic].items()):
                print(f"  {kind}: {number}")
        return sum(counts["invalid"] for counts in self.counts.values())


def key_fault(message, record: dict, topic: str) -> str | None:
    """The key is tenant/subject; on the community topic tenant/community/ID; dead letters may have any."""
    if topic == "hearth.deadletter.v1":
        return None
    subject = record["subject"]
    if topic == "hearth.community-events.v1" and not subject.startswith("community/"):
        subject = f"community/{record.get('community')}"
    key = (message.key() or b"").decode("utf-8", "replace")
    return None if key == f"{record['tenant']}/{subject}" else "key is not tenant/subject"


def goals(consumer: Consumer, wanted: list[str] | None) -> dict[tuple[str, int], tuple[int, int]]:
    """Low and high watermark of every partition that holds anything."""
    found = {}
    for name, topic in consumer.list_topics(timeout=10).topics.items():
        if not name.startswith("hearth.") or (wanted and name not in wanted):
            continue
        for partition in topic.partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)
            if high > low:
                found[name, partition] = (low, high)
    return found


def read(consumer: Consumer, goal: dict, checker: Checker, quiet_seconds: float) -> None:
    consumer.assign([TopicPartition(topic, partition, low) for (topic, partition), (low, _) in goal.items()])
    unfinished = {place: high for place, (_, high) in goal.items()}
    heard = time.monotonic()
    while unfinished:
        for message in consumer.consume(num_messages=1000, timeout=0.5):
            if message.error():
                raise KafkaException(message.error())
            heard = time.monotonic()
            place = (message.topic(), message.partition())
            if place not in unfinished:
                continue
            checker.take(message)
            if message.offset() + 1 >= unfinished[place]:
                del unfinished[place]
        if time.monotonic() - heard > quiet_seconds:
            raise TimeoutError(f"nothing came for {quiet_seconds:.0f} s, still to read: {sorted(unfinished)[:5]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topics", help="names separated by commas; default every hearth.* topic")
    parser.add_argument("--every", type=int, default=1, help="after 5,000 of a topic, check every Nth record only")
    parser.add_argument("--faults", type=int, default=20, help="faults to show")
    parser.add_argument("--quiet-seconds", type=float, default=30)
    chosen = parser.parse_args()
    checker = Checker(chosen.faults, chosen.every)
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.brokers,
            "group.id": "hearth-validate-messages",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        }
    )
    try:
        goal = goals(consumer, chosen.topics.split(",") if chosen.topics else None)
        read(consumer, goal, checker, chosen.quiet_seconds)
    except (KafkaException, TimeoutError) as fault:
        print(f"error: broker {chosen.brokers}: {fault}\nnext: hearth doctor", file=sys.stderr)
        return 4
    finally:
        consumer.close()
    invalid = checker.report()
    total = sum(counts["records"] for counts in checker.counts.values())
    print(f"{total} records of {len(checker.counts)} topics, {invalid} invalid")
    return 3 if invalid else 0


if __name__ == "__main__":
    sys.exit(main())
