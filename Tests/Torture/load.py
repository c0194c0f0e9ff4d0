#!/usr/bin/env python3
"""The load generator of the fault runs: a process of its own, whose log of acknowledged events is the oracle.

    load.py --dir INSTANCE --log FILE --tenant T --seed S --minutes N --rate EVENTS_PER_SECOND

Posts batches from several threads; a batch is sent again until it is answered 200, or refused for good (which ends the
run: nothing that is sent may be). What a 200 says of each item is written to the log and fsynced before the next batch.
Commands on standard input, one a line, each answered by a line of JSON: `pause` (answers when nothing is in flight),
`resume`, `status`, `stop`. The key comes in HEARTH_WRITE_KEY.
"""

import argparse
import collections
import hashlib
import heapq
import http.client
import json
import os
import pathlib
import random
import sys
import threading
import time

from events import Generator, encoded

THREADS = 4
BATCHES_PER_SECOND = 5
POISON_SHARE = 0.01
HUGE_BYTES = 10 << 20
SECONDS_PER_HUGE = 20
ANSWER_SECONDS = 60
AGAIN = {408, 429, 500, 502, 503, 504}


class Source:
    """Batches: new events, copies of earlier ones in any order, poison."""

    def __init__(self, seed: int, tenant: str, minutes: float):
        self.generator = Generator(seed, tenant, minutes)
        self.dice = random.Random(seed ^ 0x5EED)
        self.copies: list[tuple[float, int, bytes]] = []
        self.number = 0
        self.lock = threading.Lock()

    def batch(self, size: int) -> list[tuple[bytes, str | None]]:
        """Items with the class they must be refused with, or None."""
        with self.lock:
            made, now = [], time.time()
            while self.copies and self.copies[0][0] <= now and len(made) < size:
                made.append((heapq.heappop(self.copies)[2], None))
            while len(made) < size:
                if self.dice.random() < POISON_SHARE:
                    made.append(self.generator.poison(int(now * 1000)))
                    continue
                item = encoded(self.generator.event(int(now * 1000)))
                made.append((item, None))
                for _ in range(self.generator.repeats()):
                    self.number += 1
                    heapq.heappush(self.copies, (now + self.dice.uniform(0, 3), self.number, item))
            self.dice.shuffle(made)
            return made


class Log:
    """The log of what was acknowledged: a line a batch, on disk before `add` returns."""

    def __init__(self, path: str):
        self.file = open(path, "ab")
        self.known: set[str] = set()
        self.counts: collections.Counter = collections.Counter()
        self.lock = threading.Lock()

    def add(self, items: list[tuple[bytes, str | None]], answers: list[dict], sent: int) -> None:
        with self.lock:
            events, refused = [], []
            for (item, wanted), answer in zip(items, answers, strict=True):
                event = json.loads(item)
                if answer["status"] == "accepted":
                    if event["id"] in self.known:
                        self.counts["copies"] += 1
                    else:
                        self.known.add(event["id"])
                        events.append(event | {"receivedat": sent})
                        self.counts["events"] += 1
                    if wanted is not None:
                        self.counts["poison accepted"] += 1
                else:
                    mark = hashlib.sha256(answer["class"].encode() + b"\0" + item).hexdigest()
                    refused.append({"id": event["id"], "class": answer["class"], "wanted": wanted, "letter": mark})
                    self.counts["poison"] += 1
            line = {"at": int(time.time() * 1000), "events": events, "refused": refused, "items": len(items)}
            self.file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            self.file.flush()
            os.fsync(self.file.fileno())


class Load:
    def __init__(self, chosen: argparse.Namespace):
        self.directory, self.rate = pathlib.Path(chosen.dir), chosen.rate
        self.key = os.environ["HEARTH_WRITE_KEY"]
        self.source, self.log = Source(chosen.seed, chosen.tenant, chosen.minutes), Log(chosen.log)
        self.running, self.stopping = threading.Event(), threading.Event()
        self.idle = [threading.Event() for _ in range(THREADS)]
        self.broken: list[str] = []

    def port(self) -> int:
        return json.loads((self.directory / "endpoints.json").read_text())["ingest"]

    def thread(self, number: int) -> None:
        period = THREADS / BATCHES_PER_SECOND
        size = max(1, int(self.rate * period / THREADS))
        connection, due = None, time.monotonic()
        while not self.stopping.is_set():
            if not self.running.is_set():
                self.idle[number].set()
                self.running.wait(0.2)
                due = time.monotonic()
                continue
            self.idle[number].clear()
            connection = self.post(self.source.batch(size), connection)
            due = max(due + period, time.monotonic() - period)
            time.sleep(max(0, due - time.monotonic()))
        self.idle[number].set()

    def post(self, items: list, connection: http.client.HTTPConnection | None) -> http.client.HTTPConnection | None:
        """One batch until it is answered for good; the connection to go on with."""
        body = b"[" + b",".join(item for item, _ in items) + b"]"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        while True:
            sent = int(time.time() * 1000)
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=ANSWER_SECONDS)
                connection.request("POST", "/v1/events", body, headers)
                answer = connection.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as fault:
                # An HTTPException or a reset after the request was sent: whether it was taken is not known.
                self.log.counts["refused" if isinstance(fault, ConnectionRefusedError) else "unanswered"] += 1
                connection = self.closed(connection)
                time.sleep(0.1)
                continue
            self.log.counts[f"status {answer.status}"] += 1
            if answer.status == 200:
                self.log.add(items, json.loads(told)["items"], sent)
                return connection
            if answer.status not in AGAIN:
                self.broken.append(f"a batch was refused with {answer.status}")
                self.running.clear()
                return self.closed(connection)
            time.sleep(0.1)

    @staticmethod
    def closed(connection) -> None:
        if connection is not None:
            connection.close()

    def huge(self) -> None:
        """A body of 10 MiB now and then: 413, and nothing of it is taken."""
        body = b'[{"id":"' + b"x" * HUGE_BYTES + b'"}]'
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        while not self.stopping.wait(SECONDS_PER_HUGE / 4):
            if not self.running.is_set():
                continue
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=ANSWER_SECONDS)
                connection.request("POST", "/v1/events", body, headers)
                status = connection.getresponse().status
                self.log.counts["huge refused" if status == 413 else f"huge {status}"] += 1
                if status == 200:
                    self.broken.append("a body of 10 MiB was answered 200")
                connection.close()
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                self.log.counts["huge unanswered"] += 1
            self.stopping.wait(SECONDS_PER_HUGE)

    def status(self) -> dict:
        return {"counts": dict(self.log.counts), "broken": self.broken, "members": self.source.generator.members}

    def command(self, word: str) -> dict:
        if word == "resume":
            self.running.set()
        elif word in ("pause", "stop"):
            self.running.clear()
            for each in self.idle:
                each.clear()
            for each in self.idle:
                each.wait()
        elif word != "status":
            return {"broken": [f"unknown command {word}"]}
        return self.status()

    def run(self) -> int:
        threads = [threading.Thread(target=self.thread, args=(number,), daemon=True) for number in range(THREADS)]
        threads.append(threading.Thread(target=self.huge, daemon=True))
        for thread in threads:
            thread.start()
        for line in sys.stdin:
            print(json.dumps(self.command(line.strip())), flush=True)
            if line.strip() == "stop":
                break
        self.stopping.set()
        return 1 if self.broken else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    return Load(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
