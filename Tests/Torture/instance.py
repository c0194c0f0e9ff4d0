"""A running `hearth up`, further taggers started by hand beside it, and what can be seen of them from outside."""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from confluent_kafka import Consumer, KafkaException, TopicPartition

from store import Store, StoreFailure

PARTITIONS = 24
# Taggers of the supervisor; others are started by hand beside them.
SUPERVISED = 2
# Questions to the broker at once.
ASKERS = 4
# That the broker ends is what is being tried.
QUIET = {"log_level": 0}
INPUTS = ("hearth.events.v1", "hearth.community-events.v1")
TOPICS = (*INPUTS, "hearth.tags.v1", "hearth.signals.v1", "hearth.funnels.v1", "hearth.segments.v1",
          "hearth.touches.v1", "hearth.deliveries.v1", "hearth.deadletter.v1")
METRIC = re.compile(r"^(hearth_\w+?)(?:\{[^}]*\})? ([0-9.eE+-]+)$")
OWNED = re.compile(r"^hearth_partitions_owned [1-9]", re.M)
WATCHED = ("hearth_fenced_total", "hearth_outbox_republished_total", "hearth_commits_unknown_total",
           "hearth_records_consumed_total", "hearth_rebalances_total", "hearth_log_lost_total",
           "hearth_publish_failures_total")


class RunFailure(Exception):
    """The run cannot go on; a sentence for people."""


def is_running(pid: int, word: str) -> bool:
    try:
        return word.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def send(pid: int, number: int) -> bool:
    """Whether there was such a process."""
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def fetched(port: int, path: str) -> tuple[int, str]:
    """Status and body; 0 without an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, ""
    except (OSError, ValueError):
        return 0, ""


class Tagger:
    """A tagger started by hand, with the supervisor's settings or some of our own."""

    number = 0

    def __init__(self, instance: "Instance", changes: dict[str, str] | None = None):
        Tagger.number += 1
        self.kafka, self.port = instance.endpoints()["kafka"], free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTH_")} | {
            "HEARTH_EMBEDDED": "true", "HEARTH_KAFKA_BOOTSTRAP": self.kafka, "HEARTH_HTTP_PORT": str(self.port),
            "HEARTH_STORE_URL": instance.endpoints()["store"], "HEARTH_SCHEMAS": str(instance.schemas),
        } | (changes or {})
        self.log = instance.directory / "logs" / f"tagger-by-hand-{Tagger.number}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(instance.programs / "tagger")], env=environment, stdout=log,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Whatever state it is in."""
        if self.is_alive:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class Instance:
    def __init__(self, programs: pathlib.Path, directory: pathlib.Path, schemas: pathlib.Path):
        self.programs, self.directory, self.schemas = programs, directory, schemas
        self.up: subprocess.Popen | None = None
        self.taggers: list[Tagger] = []
        self.looker: Consumer | None = None
        self.looked_at = ""
        self.askers = concurrent.futures.ThreadPoolExecutor(ASKERS)

    # ---- Its life

    def start(self, seconds: float = 180) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        ready = self.directory / "ready"
        environment = {n: v for n, v in os.environ.items() if not n.startswith("HEARTH_")}
        with open(self.directory / "up.log", "ab") as log:
            self.up = subprocess.Popen(
                [str(self.programs / "hearth"), "up", "--dir", str(self.directory), "--taggers", str(SUPERVISED),
                 "--ready-file", str(ready)],
                env=environment | {"HEARTH_SCHEMAS": str(self.schemas)}, stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + seconds
        while not ready.exists():
            if self.up.poll() is not None or time.monotonic() > deadline:
                raise RunFailure(f"hearth up did not come up; see {self.directory}/up.log")
            time.sleep(0.1)

    def stop(self, seconds: float = 90) -> int:
        """Ends the taggers and `hearth up`; the exit code of the latter."""
        for tagger in self.taggers:
            tagger.end()
        if self.up is None:
            return 0
        if self.up.poll() is None:
            self.up.terminate()
        try:
            return self.up.wait(seconds)
        except subprocess.TimeoutExpired:
            self.up.kill()
            self.up.wait()
            self.end_orphans()
            return -9

    def end_orphans(self) -> None:
        """Children that outlived their supervisor."""
        for pid, name in self.children():
            send(pid, signal.SIGQUIT if name == "postgres" else signal.SIGKILL)

    def command(self, *words: str, seconds: float = 300) -> str:
        done = subprocess.run([str(self.programs / "hearth"), *words], capture_output=True, text=True, check=False,
                              timeout=seconds, env=os.environ | {"HEARTH_SCHEMAS": str(self.schemas)})
        if done.returncode != 0:
            raise RunFailure(f"hearth {words[0]} ended with {done.returncode}: {done.stderr.strip()[:300]}")
        return done.stdout

    def endpoints(self) -> dict:
        deadline = time.monotonic() + 60
        while True:
            try:
                return json.loads((self.directory / "endpoints.json").read_text())
            except (OSError, ValueError):
                if time.monotonic() > deadline:
                    raise RunFailure("the instance has no endpoints.json: is it up?") from None
                time.sleep(0.1)

    def children(self) -> list[tuple[int, str]]:
        try:
            lines = (self.directory / "children").read_text().splitlines()
        except OSError:
            return []
        pairs = [line.split(" ", 1) for line in lines if " " in line]
        return [(int(pid), name) for pid, name in pairs if is_running(int(pid), name)]

    def child(self, name: str, seconds: float = 60) -> int:
        """The process id of a child that runs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for pid, other in self.children():
                if other == name:
                    return pid
            self.check()
            time.sleep(0.1)
        raise RunFailure(f"the supervisor has no {name} after {seconds:.0f} s")

    def check(self) -> None:
        if self.up is not None and self.up.poll() is not None:
            raise RunFailure(f"hearth up ended by itself with {self.up.returncode}; see {self.directory}/up.log")

    def wait_until_ready(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        waiting = {"ingest", "tagger", "segmenter", "scheduler", "notifier"}
        while waiting:
            self.check()
            for name, port in self.endpoints()["services"].items():
                if name == "tagger" or fetched(port, "/readyz")[0] == 200:
                    waiting.discard(name)
            if time.monotonic() > deadline:
                raise RunFailure(f"not ready after {seconds:.0f} s: {', '.join(sorted(waiting))}")
            time.sleep(0.2)

    def said(self, place: int) -> str:
        """What the supervisor said behind this place of its log, in bytes."""
        return (self.directory / "up.log").read_bytes()[place:].decode("utf-8", "replace")

    # ---- Taggers

    def tagger_pids(self) -> list[int]:
        """Of the supervisor's and of those started by hand."""
        return [pid for pid, name in self.children() if name == "tagger"] + [t.pid for t in self.taggers if t.is_alive]

    def supervised(self) -> int:
        return sum(name == "tagger" for _, name in self.children())

    def keep_taggers(self, count: int) -> None:
        """Ends those of another broker and those too many, forgets the dead, and starts until `count` run by hand."""
        kafka = self.endpoints()["kafka"]
        for tagger in self.taggers:
            if tagger.kafka != kafka:
                tagger.end()
        self.taggers = [tagger for tagger in self.taggers if tagger.is_alive]
        for tagger in self.taggers[count:]:
            tagger.end()
        del self.taggers[count:]
        while len(self.taggers) < count:
            self.taggers.append(Tagger(self))

    def metric_ports(self) -> dict[int, int]:
        """Port of /metrics by process id."""
        found = {tagger.pid: tagger.port for tagger in self.taggers if tagger.is_alive}
        for pid, name in self.children():
            if name not in ("tagger", "segmenter", "scheduler", "notifier"):
                continue
            try:
                settings = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue
            for setting in settings:
                if setting.startswith(b"HEARTH_HTTP_PORT="):
                    found[pid] = int(setting.split(b"=")[1])
        return found

    def owners(self) -> list[int]:
        """Process ids of the taggers that own partitions, by their own metrics."""
        pids, found = set(self.tagger_pids()), []
        for pid, port in self.metric_ports().items():
            if pid in pids and OWNED.search(fetched(port, "/metrics")[1]):
                found.append(pid)
        return found

    # ---- What stands where

    def ends(self, topics: tuple[str, ...], seconds: float = 60) -> dict[tuple[str, int], int]:
        """The offset behind the last record of each partition, by the broker, which may be slow to answer."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.asked_ends(topics)
            except KafkaException as fault:
                self.check()
                if time.monotonic() > deadline:
                    raise RunFailure(f"the broker does not answer: {str(fault)[:200]}") from None

    def asked_ends(self, topics: tuple[str, ...]) -> dict[tuple[str, int], int]:
        kafka = self.endpoints()["kafka"]
        if self.looker is None or self.looked_at != kafka:
            if self.looker is not None:
                self.looker.close()
            self.looker = Consumer({"bootstrap.servers": kafka, "group.id": "hearth-torture-looker", **QUIET})
            self.looked_at = kafka
        places = [(topic, number) for topic in topics for number in range(PARTITIONS)]
        # One question a partition: asked side by side, since one after the other takes seconds on a busy machine.
        found = self.askers.map(
            lambda place: self.looker.get_watermark_offsets(TopicPartition(*place), timeout=5), places)
        return {place: marks[1] for place, marks in zip(places, found, strict=True)}

    def offsets(self, store: Store, group: str | None = None) -> dict[tuple[str, str, int], tuple[int, int, int]]:
        """(group, topic, partition) → (next offset, frames committed, frames known to be published)."""
        where = f" WHERE consumer_group = '{group}'" if group else ""
        return {(row[0], row[1], int(row[2])): (int(row[3]), int(row[4]), int(row[5])) for row in store.rows(
            "SELECT consumer_group, topic, partition, next_offset, outbox_position, published_through "
            f"FROM partition_offsets{where}")}

    def drain(self, store: Store, seconds: float) -> float:
        """Waits until what is in the log now is folded by every group and what that made is published, and so for what
        that made in turn. Returns how long the first round took: until the lag of this moment was 0."""
        begun, first = time.monotonic(), 0.0
        # events → signals → segments → touches → deliveries → events
        for turn in range(5):
            self.reach_ends(store, begun + seconds)
            first = first if turn else time.monotonic() - begun
        return first

    def reach_ends(self, store: Store, deadline: float) -> None:
        ends = frames = None
        behind = "the broker or the store does not answer"
        while time.monotonic() < deadline:
            self.check()
            try:
                offsets = self.offsets(store)
                if ends is None or self.looked_at != self.endpoints()["kafka"]:
                    ends, frames = self.asked_ends(TOPICS), {place: row[1] for place, row in offsets.items()}
                late = [place for place, row in offsets.items()
                        if row[0] < ends.get(place[1:], 0) or row[2] < min(frames.get(place, 0), row[1])]
                if not late:
                    return
                behind = f"{len(late)} partitions are behind, first {' '.join(map(str, late[0]))}"
            except (StoreFailure, KafkaException) as fault:
                ends, behind = None, str(fault)[:200]
            time.sleep(0.05)
        raise RunFailure(f"the lag did not go: {behind}")


class Work:
    """What a process that stands still (stopped, or dead) had not committed: records of the log behind the store's
    offsets in partitions of its group that nobody moves, and frames committed there that are not known to be published.
    `group` None: of all services. `without`: partitions that stood still before, whose work is another's."""

    def __init__(self, instance: Instance, store: Store, pause: float = 0.35, group: str | None = "tagger",
                 without: frozenset | set = frozenset()):
        first = instance.offsets(store, group)
        time.sleep(pause)
        ends = instance.ends(tuple(sorted({topic for _, topic, _ in first})))
        second = instance.offsets(store, group)
        self.records = self.frames = 0
        self.places = set()
        for place, row in second.items():
            records, frames = max(0, ends[place[1:]] - row[0]), max(0, row[1] - row[2])
            if first.get(place) == row and place not in without and (records or frames):
                self.records, self.frames = self.records + records, self.frames + frames
                self.places.add(place)


class Watch:
    """Adds up counters of all consuming processes, also of those that end in between."""

    def __init__(self, instance: Instance):
        self.instance, self.totals = instance, collections.Counter()
        self.last: dict[tuple[int, str], float] = {}
        self.lock, self.stopping = threading.Lock(), threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while not self.stopping.wait(0.5):
            try:
                self.look()
            except RunFailure:
                # The instance is between two brokers.
                continue

    def look(self) -> None:
        for pid, port in self.instance.metric_ports().items():
            status, text = fetched(port, "/metrics")
            if status != 200:
                continue
            sums: collections.Counter = collections.Counter()
            for line in text.splitlines():
                match = METRIC.match(line)
                if match and match[1] in WATCHED:
                    sums[match[1]] += float(match[2])
            with self.lock:
                for name, value in sums.items():
                    self.totals[name] += max(0.0, value - self.last.get((pid, name), 0.0))
                    self.last[pid, name] = value

    def total(self, name: str) -> int:
        with self.lock:
            return int(self.totals[name])
