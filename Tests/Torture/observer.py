#!/usr/bin/env python3
"""The subscriber of the fault runs: follows `sequence` on every topic that Hearth writes, and says what it saw.

    observer.py --dir INSTANCE --out FILE

It is a registered reader: its offsets stand in the store's `partition_offsets` as group `torture`, so that the embedded
broker's writers wait for it and nothing it has not read is forgotten with a broker. With each new broker (a new log
epoch) it reads from the start and drops by sequence what it knows. Commands on standard input, each answered by a line
of JSON: `status`, `stop` (writes what it holds to --out).
"""

import argparse
import collections
import json
import pathlib
import sys
import threading
import time
from decimal import Decimal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "schemas"))
import environment  # noqa: E402

environment.ensure()

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition  # noqa: E402

from judge import Followed  # noqa: E402
from store import Store, StoreFailure  # noqa: E402

GROUP = "torture"
TOPICS = [
    "hearth.tags.v1", "hearth.funnels.v1", "hearth.segments.v1", "hearth.touches.v1", "hearth.deliveries.v1",
    "hearth.deadletter.v1",
]
CONTROL_HEADER = "hearth-control"
PARTITIONS = 24
NOTE_SECONDS = 0.25


class Observer:
    def __init__(self, directory: str):
        self.directory = pathlib.Path(directory)
        self.followed, self.lock = Followed(), threading.Lock()
        self.stopping = threading.Event()
        self.epoch, self.brokers, self.consumer, self.store = 0, "", None, None
        self.positions: dict[tuple[str, int], int] = {}

    def endpoints(self) -> dict:
        return json.loads((self.directory / "endpoints.json").read_text())

    def register(self) -> None:
        """As `LogAdministration.registerGroup` does."""
        values = ",".join(f"('{topic}',{number})" for topic in TOPICS for number in range(PARTITIONS))
        Store(self.endpoints()["store"]).rows(
            "INSERT INTO partition_offsets (consumer_group, topic, partition, log_epoch) "
            f"SELECT '{GROUP}', u.topic, u.partition, current_log_epoch(u.topic) FROM (VALUES {values}) "
            "AS u(topic, partition) ON CONFLICT DO NOTHING")

    def connect(self) -> None:
        """To the broker of this moment. The endpoints are read before the epoch: never an old epoch's number."""
        endpoints = self.endpoints()
        if self.store is None:
            self.store = Store(endpoints["store"])
        epoch = int(self.store.value("SELECT max(epoch) FROM log_epochs"))
        if self.consumer is not None and endpoints["kafka"] == self.brokers:
            return
        if self.consumer is not None:
            self.consumer.close()
        self.consumer = Consumer({
            "bootstrap.servers": endpoints["kafka"], "group.id": "hearth-torture-observer",
            "enable.auto.commit": False, "enable.auto.offset.store": False, "auto.offset.reset": "error",
            "log_level": 0,
        })
        self.consumer.assign([TopicPartition(t, n, OFFSET_BEGINNING) for t in TOPICS for n in range(PARTITIONS)])
        self.brokers, self.epoch, self.positions = endpoints["kafka"], epoch, {}

    def take(self, message) -> None:
        self.positions[message.topic(), message.partition()] = message.offset() + 1
        if any(name == CONTROL_HEADER for name, _ in message.headers() or []):
            return
        self.followed.take(
            message.topic(), message.key().decode("utf-8", "replace"),
            json.loads(message.value(), parse_float=Decimal, parse_int=Decimal))

    def note(self) -> None:
        """Offsets into the store, where they are still of this epoch."""
        if not self.positions or self.store is None:
            return
        values = ",".join(f"('{topic}',{number},{at})" for (topic, number), at in sorted(self.positions.items()))
        self.store.rows(
            "UPDATE partition_offsets AS o SET next_offset = v.at, updated_at = now() FROM "
            f"(VALUES {values}) AS v(topic, partition, at) WHERE o.consumer_group = '{GROUP}' AND o.topic = v.topic "
            f"AND o.partition = v.partition AND o.log_epoch = {self.epoch} AND o.next_offset < v.at")

    def follow(self) -> None:
        noted, silent_since = time.monotonic(), 0.0
        while not self.stopping.is_set():
            try:
                if self.consumer is None or time.monotonic() - silent_since > 1:
                    self.connect()
                    silent_since = time.monotonic()
                for message in self.consumer.consume(num_messages=2000, timeout=0.1):
                    if message.error():
                        continue
                    silent_since = time.monotonic()
                    with self.lock:
                        self.take(message)
                if time.monotonic() - noted > NOTE_SECONDS:
                    noted = time.monotonic()
                    self.note()
                    if self.endpoints()["kafka"] != self.brokers:
                        self.connect()
            except (StoreFailure, OSError, ValueError, KafkaException):
                # The store or the instance is down: that is what is being tried.
                self.stopping.wait(0.2)

    def run(self, out: str) -> int:
        self.register()
        reader = threading.Thread(target=self.follow, daemon=True)
        reader.start()
        for line in sys.stdin:
            word = line.strip()
            if word == "stop":
                self.stopping.set()
                reader.join(30)
                pathlib.Path(out).write_text(json.dumps(self.followed.dump(), ensure_ascii=False, default=str))
            with self.lock:
                print(json.dumps(self.followed.summary() | {"epoch": self.epoch}), flush=True)
            if word == "stop":
                return 0
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--out", required=True)
    chosen = parser.parse_args()
    return Observer(chosen.dir).run(chosen.out)


if __name__ == "__main__":
    sys.exit(main())
