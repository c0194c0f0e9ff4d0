"""The faults, each a function of the run: it hits for so many seconds under load, and says what it hit.

A kill counts only if work was uncommitted at that moment: the process says by its metrics that it owns partitions, is
stopped, then the store and the broker are looked at (`Work`), then it is killed. One that owned nothing, or whose
partitions had nothing behind the store's offsets, is no hit. README.md lists them by their numbers.
"""

import contextlib
import dataclasses
import re
import signal
import subprocess
import time
from collections.abc import Callable

from confluent_kafka import Producer

from events import raw_poison
from instance import INPUTS, SUPERVISED, RunFailure, Tagger, Work, is_running, send
from proxies import CommitCutter, GroupRenamer
from store import parameters

SESSION_SECONDS = 6
GRACE_SECONDS = 30
# Taggers beside the usual three while they are killed at random: more are hit before the group has settled.
MORE_HANDS = 3
# How long a tagger may take to come by its crash point.
POINT_SECONDS_MAX = 60
POINTS = ("beforeCommit", "afterCommit", "midOutbox", "beforeHint")


@dataclasses.dataclass
class Outcome:
    """What a fault did. `attempts` are what was tried; only `hits` found something to break."""

    hits: int = 0
    attempts: int = 0
    reread: int = 0
    republished: int = 0
    wrong: list[str] = dataclasses.field(default_factory=list)
    parts: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    outages: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    told: dict[str, int] = dataclasses.field(default_factory=dict)

    def hit(self, work: Work, part: str | None = None) -> None:
        self.attempts += 1
        row = self.parts.setdefault(part, [0, 0, 0]) if part else [0, 0, 0]
        if work.records == 0 and work.frames == 0:
            return
        self.hits += 1
        self.reread, self.republished = self.reread + work.records, self.republished + work.frames
        row[:] = [row[0] + 1, row[1] + work.records, row[2] + work.frames]


@dataclasses.dataclass
class Fault:
    number: str
    name: str
    weight: float
    run: Callable[["Run", float], Outcome]  # noqa: F821
    """Least seconds in which it can hit at all."""
    seconds: float = 6


def now_ms() -> int:
    return int(time.time() * 1000)


@contextlib.contextmanager
def at_work(run, outcome: Outcome):
    """Stops all taggers at a moment at which they have uncommitted work, and lets them go on after the block."""
    deadline = time.monotonic() + 10
    while True:
        pids = run.instance.tagger_pids()
        for pid in pids:
            send(pid, signal.SIGSTOP)
        try:
            work = Work(run.instance, run.store, pause=0)
            if work.records or work.frames or time.monotonic() > deadline:
                outcome.hit(work)
                yield
                return
        finally:
            for pid in pids:
                send(pid, signal.SIGCONT)
        time.sleep(0.05)


def kill_random(run, until: float) -> Outcome:
    """1: kill -9 of taggers at random moments, any number of those that own partitions at a time."""
    outcome = Outcome()
    while True:
        run.instance.keep_taggers(run.hands + MORE_HANDS)
        run.wait_for_owners()
        time.sleep(run.dice.uniform(0, 1.5))
        owners, counted, killed = sorted(run.instance.owners()), set(), set()
        for pid in run.dice.sample(owners, run.dice.randint(min(1, len(owners)), len(owners))):
            if not send(pid, signal.SIGSTOP):
                continue
            try:
                work = Work(run.instance, run.store, without=counted)
                counted |= work.places
                outcome.hit(work)
            finally:
                send(pid, signal.SIGKILL)
                killed.add(pid)
        # One that is still ending would pass for alive, and be found dead by the turn after this one.
        for tagger in run.instance.taggers:
            if tagger.pid in killed:
                tagger.process.wait()
        if time.monotonic() > until:
            return outcome


def kill_at_points(run, until: float) -> Outcome:
    """2: taggers that end as by kill -9 at named points of their own loop, one for each point at a time."""
    outcome = Outcome(parts={point: [0, 0, 0] for point in POINTS})
    while True:
        armed = {}
        for point in POINTS:
            armed[point] = Tagger(run.instance, {"HEARTH_CRASH_AT": f"{point}:{run.dice.randrange(2, 12)}"})
        run.instance.taggers += armed.values()
        deadline = time.monotonic() + POINT_SECONDS_MAX
        while armed and time.monotonic() < deadline:
            for point, tagger in list(armed.items()):
                if tagger.is_alive:
                    continue
                del armed[point]
                if tagger.process.returncode == -signal.SIGKILL:
                    outcome.hit(Work(run.instance, run.store), point)
                else:
                    outcome.wrong.append(
                        f"a tagger armed at {point} ended with {tagger.process.returncode}, expected -9")
            time.sleep(0.02)
        for tagger in armed.values():
            # It never came by its point: the group gave it nothing to do.
            outcome.attempts += 1
            tagger.end()
        run.instance.keep_taggers(run.hands)
        if time.monotonic() > until:
            return outcome


def stop_and_continue(run, until: float) -> Outcome:
    """3: SIGSTOP until the group has given its partitions away, then SIGCONT: it must be fenced."""
    outcome = Outcome()
    while True:
        pids = run.instance.tagger_pids()
        stopped = run.dice.sample(pids, max(1, len(pids) - 1))
        fenced = run.watch.total("hearth_fenced_total")
        for pid in stopped:
            send(pid, signal.SIGSTOP)
        try:
            outcome.hit(Work(run.instance, run.store))
            time.sleep(SESSION_SECONDS * 2 + run.dice.uniform(0, 2))
        finally:
            for pid in stopped:
                send(pid, signal.SIGCONT)
        deadline = time.monotonic() + 8
        while run.watch.total("hearth_fenced_total") == fenced and time.monotonic() < deadline:
            time.sleep(0.2)
        run.instance.keep_taggers(run.hands)
        if time.monotonic() > until:
            return outcome


def two_owners(run, until: float) -> Outcome:
    """4: a tagger whose consumer group is renamed on the way, so that every partition has two consumers."""
    outcome = Outcome()
    fenced = run.watch.total("hearth_fenced_total")
    proxy = GroupRenamer(run.instance.endpoints()["kafka"], b"tagger", b"twin-1")
    tagger = Tagger(run.instance, {"HEARTH_KAFKA_BOOTSTRAP": f"127.0.0.1:{proxy.port}"})
    tagger.kafka = run.instance.endpoints()["kafka"]
    run.instance.taggers.append(tagger)
    try:
        while time.monotonic() < until or run.watch.total("hearth_fenced_total") == fenced:
            if not tagger.is_alive:
                outcome.wrong.append(f"the second owner ended with {tagger.process.returncode}")
                break
            if time.monotonic() > until + 60:
                break
            time.sleep(0.2)
        # A hit is a partition that one of the two held and lost to the other with work it could not commit.
        outcome.attempts = outcome.hits = run.watch.total("hearth_fenced_total") - fenced
    finally:
        tagger.end()
        proxy.close()
    return outcome


def scale(run, until: float) -> Outcome:
    """5: 2 → 6 → 3 → 5 taggers, a step every few seconds; those that leave are told to by SIGTERM."""
    outcome = Outcome()
    while True:
        for count in (SUPERVISED, 6, 3, 5):
            leaving = run.instance.taggers[count - SUPERVISED:]
            with at_work(run, outcome):
                for tagger in leaving:
                    tagger.process.terminate()
            for tagger in leaving:
                end_in_grace(outcome, tagger)
            run.instance.keep_taggers(count - SUPERVISED)
            time.sleep(run.dice.uniform(2, 5))
        if time.monotonic() > until:
            return outcome


def end_in_grace(outcome: Outcome, tagger: Tagger) -> None:
    """Waits for a tagger that was told to end."""
    try:
        code = tagger.process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        tagger.end()
        outcome.wrong.append(f"a tagger did not end within {GRACE_SECONDS} s of SIGTERM")
        return
    if code != 0:
        outcome.wrong.append(f"a tagger ended with {code} after SIGTERM, expected 0; see {tagger.log.name}")


def break_broker(run, until: float) -> Outcome:
    """6: the broker killed (the supervisor starts another: a new log epoch), or stopped for a while."""
    outcome, is_first = Outcome(), True
    while True:
        time.sleep(run.dice.uniform(1, 3))
        pid, begun = run.instance.child("broker"), now_ms()
        before = run.refusals()
        if is_first or run.dice.random() < 0.6:
            old = run.instance.endpoints()["kafka"]
            with at_work(run, outcome):
                send(pid, signal.SIGKILL)
            deadline = time.monotonic() + 120
            while run.instance.endpoints()["kafka"] == old:
                run.instance.check()
                if time.monotonic() > deadline:
                    raise RunFailure("the supervisor started no new broker within 120 s")
                time.sleep(0.1)
            run.instance.keep_taggers(run.hands)
            run.instance.wait_until_ready()
            if run.instance.supervised() != SUPERVISED:
                outcome.wrong.append(
                    f"{run.instance.supervised()} taggers of the supervisor after a new broker, expected {SUPERVISED}")
        else:
            with at_work(run, outcome):
                send(pid, signal.SIGSTOP)
            try:
                time.sleep(run.dice.uniform(2, 4))
            finally:
                send(pid, signal.SIGCONT)
        outcome.told["posts refused meanwhile"] = (
            outcome.told.get("posts refused meanwhile", 0) + run.refusals() - before)
        outcome.outages.append((begun - 5_000, now_ms() + 1_000))
        is_first = False
        if time.monotonic() > until:
            return outcome


def break_store(run, until: float) -> Outcome:
    """7: PostgreSQL killed, the whole or one backend of a service. Nobody may end because of it."""
    outcome, is_first = Outcome(), True
    while True:
        time.sleep(run.dice.uniform(1, 3))
        before = set(run.instance.tagger_pids())
        pid = run.instance.child("postgres")
        backends = run.store.rows("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'hearth %'")
        with at_work(run, outcome):
            if is_first or run.dice.random() < 0.5:
                send(pid, signal.SIGKILL)
                deadline = time.monotonic() + 60
                while is_running(pid, "postgres") and time.monotonic() < deadline:
                    time.sleep(0.05)
            elif backends:
                send(int(run.dice.choice(backends)[0]), signal.SIGKILL)
        run.store.value("SELECT 1")
        # Whoever ends because of it does so at its next try.
        time.sleep(1)
        gone = before - set(run.instance.tagger_pids())
        if gone:
            outcome.wrong.append(f"{len(gone)} taggers ended because the store was away")
            run.instance.keep_taggers(run.hands)
        is_first = False
        if time.monotonic() > until:
            return outcome


def cut_commits(run, until: float) -> Outcome:
    """8: the connection of a tagger cut between COMMIT and its answer."""
    outcome = Outcome()
    where = parameters(run.instance.endpoints()["store"])
    proxy = CommitCutter(f"{where['host']}/.s.PGSQL.{where['port']}")
    url = (f"host=127.0.0.1 port={proxy.port} user={where['user']} dbname={where['dbname']} "
           "sslmode=disable gssencmode=disable")
    taggers = [Tagger(run.instance, {"HEARTH_STORE_URL": url}) for _ in range(2)]
    run.instance.taggers += taggers
    unknown = run.watch.total("hearth_commits_unknown_total")
    try:
        latest = until + 45
        while time.monotonic() < until or (sum(proxy.cuts.values()) < 2 and time.monotonic() < latest):
            proxy.cut_next(after_answer=run.dice.random() < 0.6)
            time.sleep(run.dice.uniform(0.3, 1.2))
            for tagger in taggers:
                if not tagger.is_alive:
                    outcome.wrong.append(f"a tagger ended with {tagger.process.returncode} after a cut")
                    return outcome
        proxy.disarm()
        outcome.attempts = sum(proxy.cuts.values())
        # The metrics are read now and then: a cut that was just made shows with the next reading.
        latest = time.monotonic() + 10
        while run.watch.total("hearth_commits_unknown_total") == unknown and time.monotonic() < latest:
            time.sleep(0.2)
        outcome.hits = run.watch.total("hearth_commits_unknown_total") - unknown
        outcome.told.update({f"cut {how}": count for how, count in proxy.cuts.items()})
    finally:
        for tagger in taggers:
            tagger.process.terminate()
        for tagger in taggers:
            end_in_grace(outcome, tagger)
        proxy.close()
    return outcome


def write_poison(run, until: float) -> Outcome:
    """12: bytes in the log itself that nobody can read. (Items that ingest refuses are in the load all the time.)"""
    outcome = Outcome()
    producer = Producer({"bootstrap.servers": run.instance.endpoints()["kafka"], "partitioner": "murmur2_random"})

    def placed(failure, message) -> None:
        if failure is not None:
            outcome.wrong.append(f"poison could not be written: {failure.name()}")
            return
        run.raw_poison.append((message.topic(), message.partition(), message.offset()))

    pids = {pid for pid, _ in run.instance.children()}
    while time.monotonic() < until:
        outcome.attempts += 1
        key = f"{run.tenant}/member/{run.dice.randrange(100)}".encode()
        producer.produce(run.dice.choice(INPUTS), value=raw_poison(run.dice, outcome.attempts), key=key,
                         on_delivery=placed)
        producer.flush(10)
        time.sleep(0.25)
    outcome.hits = outcome.attempts - len(outcome.wrong)
    ended = pids - {pid for pid, _ in run.instance.children()}
    if ended:
        outcome.wrong.append(f"{len(ended)} processes ended on poison")
    return outcome


def send_duplicates(run, until: float) -> Outcome:
    """13: the load alone: every third event five times, in any order, and late within the bound."""
    before = run.load.ask("status")["counts"].get("copies", 0)
    time.sleep(max(0, until - time.monotonic()))
    copies = run.load.ask("status")["counts"].get("copies", 0) - before
    return Outcome(hits=copies, attempts=copies)


def terminate(run, until: float) -> Outcome:
    """15: SIGTERM under load: a tagger by hand (exit 0 within grace), and each of the supervisor's services."""
    outcome = Outcome()
    names = ["tagger by hand", "ingest", "segmenter", "scheduler", "notifier", "tagger by hand", "tagger"]
    index = 0
    while True:
        name = names[index % len(names)]
        index += 1
        time.sleep(run.dice.uniform(0.3, 1.5))
        run.instance.keep_taggers(run.hands)
        tagger = run.instance.taggers[0]
        log = run.instance.directory / "up.log"
        pid, place = (tagger.pid if name == "tagger by hand" else run.instance.child(name)), log.stat().st_size
        with at_work(run, outcome):
            send(pid, signal.SIGTERM)
        if name == "tagger by hand":
            end_in_grace(outcome, tagger)
        else:
            await_child(run, outcome, name, pid, place)
        if time.monotonic() > until and index >= 4:
            return outcome


def await_child(run, outcome: Outcome, name: str, pid: int, place: int) -> None:
    """Of the supervisor's, told to end: the supervisor starts it again and says in its log, behind `place`, how it
    ended."""
    deadline = time.monotonic() + GRACE_SECONDS
    while is_running(pid, name) and time.monotonic() < deadline:
        time.sleep(0.05)
    if is_running(pid, name):
        outcome.wrong.append(f"{name} did not end within {GRACE_SECONDS} s of SIGTERM")
        return
    # Waited for in the log, not by a child of that name: beside this tagger the supervisor has another.
    ending = re.compile(rf"\b{re.escape(name)} ended with (.+); starting it again")
    deadline = time.monotonic() + GRACE_SECONDS
    while (said := ending.search(run.instance.said(place))) is None and time.monotonic() < deadline:
        run.instance.check()
        time.sleep(0.05)
    if said is None:
        outcome.wrong.append(f"the supervisor did not say within {GRACE_SECONDS} s that {name} ended; see up.log")
    elif said[1] != "0":
        outcome.wrong.append(f"{name} ended with {said[1]} after SIGTERM, expected 0; see up.log and logs/{name}.log")
    run.instance.child(name)


def kill_services(run, until: float) -> Outcome:
    """16 and its like: kill -9 of ingest, segmenter, scheduler (the ticks' leader) and notifier."""
    outcome = Outcome()
    names = ["scheduler", "segmenter", "ingest", "notifier"]
    index = 0
    while True:
        time.sleep(run.dice.uniform(0.3, 2.5))
        name = names[index % len(names)]
        pid = run.instance.child(name)
        send(pid, signal.SIGSTOP)
        try:
            # What ingest holds is what all behind it still wait for.
            outcome.hit(Work(run.instance, run.store, group=None if name == "ingest" else name), name)
        finally:
            send(pid, signal.SIGKILL)
        index += 1
        if time.monotonic() > until and index >= len(names):
            return outcome


FAULTS = [
    Fault("1", "taggers killed at random", 3.0, kill_random),
    Fault("2", "taggers killed at named points", 3.0, kill_at_points),
    Fault("3", "taggers stopped past their session", 1.0, stop_and_continue),
    Fault("4", "two consumers of each partition", 1.0, two_owners),
    Fault("5", "2, 6, 3, 5 taggers", 1.0, scale),
    Fault("6", "broker killed or stopped", 1.0, break_broker),
    Fault("7", "PostgreSQL killed", 1.0, break_store),
    Fault("8", "cut between COMMIT and answer", 1.0, cut_commits),
    Fault("12", "poison in the log", 0.5, write_poison),
    Fault("13", "duplicates, shuffled", 0.5, send_duplicates),
    Fault("15", "SIGTERM under load", 1.0, terminate),
    Fault("16", "other services killed", 1.0, kill_services),
]
