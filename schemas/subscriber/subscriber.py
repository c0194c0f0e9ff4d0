#!/usr/bin/env python3
"""An example subscriber: follows `sequence` on hearth.tags.v1 and rebuilds every subject's tags.

    python3 schemas/subscriber/subscriber.py --brokers 127.0.0.1:9092 --out tags.ndjson --until-caught-up

Rules (GUIDE.md): control records are skipped unread; per key a `sequence` at or below the last one is dropped, the next
is applied, a jump is an alarm and the key is not touched further; a raised `storeEpoch` starts a key's numbering anew
from wherever it stands, a lower one is dropped. With `--state` a later run goes on from where this one ended: the topic
is read from its start again and what is known is dropped by its sequence, so that a new broker or a repeated
publication makes no difference. Exit 0; 3 when `--compare` finds a difference; 4 without a broker; 5 after an alarm.
"""

import argparse
import json
import pathlib
import sys
import time
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import environment  # noqa: E402

environment.ensure()

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition  # noqa: E402

CONTROL_HEADER = "hearth-control"


def canonical(value: object) -> str:
    """JSON without spaces, keys by code point, numbers as plain decimals, text unescaped."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in ("-0", "") else text
    return json.dumps(value, ensure_ascii=False)


class Table:
    """Tags by key, with the last sequence of each."""

    def __init__(self) -> None:
        self.tags: dict[str, dict[str, dict]] = {}
        self.last: dict[str, tuple[int, int]] = {}
        self.stopped: set[str] = set()
        self.counts = dict.fromkeys(("applied", "dropped", "control", "tombstones", "alarms", "epochs"), 0)

    def take(self, key: str, data: dict, place: str) -> None:
        """Applies one change, or drops it, or raises an alarm."""
        epoch, sequence = int(data["storeEpoch"]), int(data["sequence"])
        known_epoch, known = self.last.get(key, (epoch, 0))
        if key in self.stopped or epoch < known_epoch:
            self.counts["dropped"] += 1
            return
        if epoch > known_epoch:
            # The store was restored: what it decided after the restored point it will decide, and number, again.
            self.counts["epochs"] += 1
            known = min(known, sequence - 1)
        if sequence <= known:
            self.counts["dropped"] += 1
            return
        if sequence != known + 1:
            self.counts["alarms"] += 1
            self.stopped.add(key)
            print(
                f"error: gap in sequence at {place}: expected {known + 1}, got {sequence}\n"
                f"next: take the subject's rows of the store's view `tags` and go on after their sequence",
                file=sys.stderr,
            )
            return
        self.last[key] = (epoch, sequence)
        self.tags.setdefault(key, {})[data["tag"]] = {"value": data["value"], "since": data["since"]}
        self.counts["applied"] += 1

    def lines(self) -> list[str]:
        """One canonical line a subject: {"subject","tags":{"x":{"since","value"}},"tenant"}."""
        made = []
        for key, tags in self.tags.items():
            tenant, subject = key.split("/", 1)
            made.append(canonical({"tenant": tenant, "subject": subject, "tags": tags}))
        return sorted(made)

    def load(self, path: pathlib.Path) -> None:
        if path.is_file():
            held = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
            self.tags, self.last = held["tags"], {key: tuple(pair) for key, pair in held["last"].items()}

    def save(self, path: pathlib.Path) -> None:
        held = {"tags": self.tags, "last": {key: list(pair) for key, pair in self.last.items()}}
        path.write_text(canonical(held) + "\n", encoding="utf-8")


def partitions_of(consumer: Consumer, topic: str) -> list[int]:
    return sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions)


def goals(consumer: Consumer, topic: str, given: str | None) -> dict[int, int]:
    """Offsets to reach: `0:120,1:80`, else the high watermarks of this moment."""
    if given:
        return {int(pair.split(":")[0]): int(pair.split(":")[1]) for pair in given.split(",")}
    found = {}
    for partition in partitions_of(consumer, topic):
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        if low > 0:
            print(f"warning: {topic}/{partition} begins at {low}; keys whose start is gone will alarm", file=sys.stderr)
        found[partition] = high if high > low else 0
    return found


def follow(consumer: Consumer, topic: str, table: Table, goal: dict[int, int] | None, quiet_seconds: float) -> None:
    """Reads until the goal is reached (or for ever); gives up after a silence of `quiet_seconds` with a goal."""
    consumer.assign(
        [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions_of(consumer, topic)]
    )
    open_goals = {partition: offset for partition, offset in (goal or {}).items() if offset > 0}
    heard = time.monotonic()
    while goal is None or open_goals:
        batch = consumer.consume(num_messages=1000, timeout=0.5)
        for message in batch:
            if message.error():
                raise KafkaException(message.error())
            heard = time.monotonic()
            take(message, table)
            partition = message.partition()
            if partition in open_goals and message.offset() + 1 >= open_goals[partition]:
                del open_goals[partition]
        if goal is not None and time.monotonic() - heard > quiet_seconds:
            raise TimeoutError(f"nothing came for {quiet_seconds:.0f} s, still to reach: {open_goals}")


def take(message, table: Table) -> None:
    if any(name == CONTROL_HEADER for name, _ in message.headers() or []):
        table.counts["control"] += 1
        return
    key = message.key().decode()
    if message.value() is None:
        table.tags.pop(key, None)
        table.counts["tombstones"] += 1
        return
    record = json.loads(message.value(), parse_float=Decimal, parse_int=Decimal)
    table.take(key, record["data"], f"{message.topic()}/{message.partition()}/{message.offset()}")


def compare(table: Table, path: str, tenant: str) -> int:
    """Differences from `hearth fold --emit state`: a tag that never had a value has no change."""
    differing = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            state = json.loads(line, parse_float=Decimal, parse_int=Decimal)
            held = table.tags.get(f"{tenant}/{state['subject']}", {})
            for name in sorted(set(state["tags"]) | set(held)):
                wanted, got = state["tags"].get(name), held.get(name)
                if canonical(wanted) == canonical(got) or (got is None and wanted["value"] is None):
                    continue
                differing += 1
                if differing <= 10:
                    print(f"differs: {state['subject']} {name}: fold {canonical(wanted)}, topic {canonical(got)}")
    print(f"{differing} tags differ from {path}")
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topic", default="hearth.tags.v1")
    parser.add_argument("--out", help="write the table as canonical NDJSON at the end")
    parser.add_argument("--state", help="file that keeps tags and sequences between runs")
    parser.add_argument("--until-caught-up", action="store_true", help="end at the high watermarks")
    parser.add_argument("--watermarks", help="partition:offset,… to reach instead of those of this moment")
    parser.add_argument("--quiet-seconds", type=float, default=30, help="give up after such a silence before the goal")
    parser.add_argument("--compare", help="output of `hearth fold --emit state` to compare with")
    parser.add_argument("--tenant", help="tenant of --compare")
    chosen = parser.parse_args()
    table = Table()
    if chosen.state:
        table.load(pathlib.Path(chosen.state))
    consumer = Consumer(
        {
            "bootstrap.servers": chosen.brokers,
            "group.id": "hearth-example-subscriber",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        }
    )
    try:
        goal = goals(consumer, chosen.topic, chosen.watermarks) if chosen.until_caught_up or chosen.watermarks else None
        follow(consumer, chosen.topic, table, goal, chosen.quiet_seconds)
    except KeyboardInterrupt:
        pass
    except (KafkaException, TimeoutError, KeyError) as fault:
        print(f"error: broker {chosen.brokers}, topic {chosen.topic}: {fault}\nnext: hearth doctor", file=sys.stderr)
        return 4
    finally:
        consumer.close()
    if chosen.out:
        pathlib.Path(chosen.out).write_text("".join(line + "\n" for line in table.lines()), encoding="utf-8")
    if chosen.state:
        table.save(pathlib.Path(chosen.state))
    print(" ".join(f"{name}={count}" for name, count in table.counts.items()), f"subjects={len(table.tags)}")
    differing = compare(table, chosen.compare, chosen.tenant or "") if chosen.compare else 0
    return 5 if table.counts["alarms"] else 3 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
