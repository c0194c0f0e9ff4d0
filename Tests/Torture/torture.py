#!/usr/bin/env python3
"""Fault runs on real processes: breaks a running Hearth in every way of the table, under load, and judges what is left.

    Tests/Torture/torture.py --programs FOLDER --dir FOLDER [--minutes 2] [--seed 1] [--faults 1,2,8] [--rate 800]

`services/torture` calls it. The oracle is the load generator's own log of acknowledged events: after each fault, once
the backlog is drained, counts and sums by subject; at the end all tables against `hearth fold` of that log, a part of
them against the second oracle, everything published against the replay, touches against the events. Exit 0; 1 when
anything was lost or doubled, differs, did not recover in 60 s, or a fault hit nothing; 4 when the instance fails.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "schemas"))
import environment  # noqa: E402

environment.ensure()

from faults import FAULTS, Fault, Outcome  # noqa: E402
from instance import Instance, RunFailure, Watch  # noqa: E402
from judge import Acknowledged, Verdict, compare_counts, compare_published, judge_letters, judge_touches  # noqa: E402
from store import Store, StoreFailure  # noqa: E402

TENANT = "torture"
PLAYBOOK = HERE / "playbook"
RECOVERY_SECONDS_MAX = 60
DRAIN_SECONDS_MAX = 240
SETTLING_SECONDS = 62
STORE_SECONDS_MAX = 90
SAMPLE = 40
REVISION = re.compile(r'"revision":\d+,')


class Helper:
    """A process of ours that answers a word with a line of JSON."""

    def __init__(self, name: str, arguments: list[str], variables: dict[str, str], log: pathlib.Path):
        self.name = name
        with open(log, "ab") as errors:
            self.process = subprocess.Popen([sys.executable, str(HERE / f"{name}.py"), *arguments],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
                                            env=os.environ | variables)

    def ask(self, word: str) -> dict:
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise RunFailure(f"{self.name}.py ended by itself; see logs/{self.name}.log")
        return json.loads(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Row:
    """A fault's line of the table, over all its turns."""

    def __init__(self, fault: Fault):
        self.fault, self.total = fault, Outcome()
        self.events = self.lost = self.double = self.turns = self.fenced = 0
        self.recovery: list[float] = []

    def add(self, outcome: Outcome) -> None:
        total = self.total
        self.turns += 1
        total.hits, total.attempts = total.hits + outcome.hits, total.attempts + outcome.attempts
        total.reread, total.republished = total.reread + outcome.reread, total.republished + outcome.republished
        total.wrong += outcome.wrong
        for name, row in outcome.parts.items():
            old = total.parts.get(name, [0, 0, 0])
            total.parts[name] = [a + b for a, b in zip(old, row, strict=True)]
        for name, count in outcome.told.items():
            total.told[name] = total.told.get(name, 0) + count

    def faults(self) -> list[str]:
        found = list(self.total.wrong)
        if self.total.hits == 0:
            found.append("nothing was hit")
        if self.fault.number == "2":
            found += [f"the point {name} was never hit" for name, row in self.total.parts.items() if row[0] == 0]
        if self.fault.number == "3" and self.fenced == 0:
            found.append("nobody was fenced")
        if self.recovery and max(self.recovery) > RECOVERY_SECONDS_MAX:
            found.append(f"recovered after {max(self.recovery):.0f} s, expected {RECOVERY_SECONDS_MAX} s at most")
        return found


class Run:
    def __init__(self, chosen: argparse.Namespace):
        self.chosen, self.tenant, self.hands = chosen, TENANT, 1
        self.directory = pathlib.Path(chosen.dir).resolve()
        self.dice = random.Random(chosen.seed)
        self.instance = Instance(pathlib.Path(chosen.programs).resolve(), self.directory, ROOT / "schemas")
        self.acknowledged, self.read_to = Acknowledged(), 0
        self.raw_poison: list[tuple[str, int, int]] = []
        self.outages: list[tuple[int, int]] = []
        self.rows = {fault.number: Row(fault) for fault in FAULTS}
        self.verdict, self.known = Verdict(), Verdict()
        self.begun = time.monotonic()
        self.load: Helper | None = None
        self.observer: Helper | None = None

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self.begun)
        print(f"[{seconds // 60}:{seconds % 60:02d}] {text}", flush=True)

    # ---- The parts of a run

    def start(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.instance.start()
        directory = str(self.directory)
        self.instance.command("playbook", "apply", str(PLAYBOOK), "--dir", directory, "--tenant", TENANT)
        key = self.instance.command("keys", "create", "--dir", directory, "--tenant", TENANT).strip()
        self.store = Store(self.instance.endpoints()["store"], patience=STORE_SECONDS_MAX)
        logs, chosen = self.directory / "logs", self.chosen
        self.observer = Helper("observer", ["--dir", directory, "--out", str(self.directory / "followed.json")], {},
                               logs / "observer.log")
        self.observer.ask("status")
        self.load = Helper(
            "load", ["--dir", directory, "--log", str(self.directory / "acknowledged.ndjson"), "--tenant", TENANT,
                     "--seed", str(chosen.seed), "--minutes", str(chosen.minutes), "--rate", str(chosen.rate)],
            {"HEARTH_WRITE_KEY": key}, logs / "load.log")
        self.watch = Watch(self.instance)
        self.instance.keep_taggers(self.hands)
        self.say("up; the group of taggers settles")
        self.instance.drain(self.store, DRAIN_SECONDS_MAX)

    def schedule(self) -> list[tuple[Fault, float]]:
        """Turns of so many seconds: every fault once a round, in an order of the seed."""
        wanted = [fault for fault in FAULTS if self.chosen.faults in (None, []) or fault.number in self.chosen.faults]
        rounds = max(1, round(self.chosen.minutes / 5))
        # A turn costs some ten seconds until the group has settled again.
        seconds = max(0.0, self.chosen.minutes * 60 / rounds - 10 * len(wanted))
        weights = sum(fault.weight for fault in wanted)
        turns = []
        for _ in range(rounds):
            order = wanted[:]
            self.dice.shuffle(order)
            turns += [(fault, max(fault.seconds, seconds * fault.weight / weights)) for fault in order]
        return turns

    def turn(self, fault: Fault, seconds: float) -> None:
        row = self.rows[fault.number]
        events, fenced = len(self.acknowledged.events), self.watch.total("hearth_fenced_total")
        self.say(f"{fault.number} {fault.name}: {seconds:.0f} s")
        self.load.ask("resume")
        time.sleep(1)
        outcome = fault.run(self, time.monotonic() + seconds)
        self.outages += outcome.outages
        self.instance.keep_taggers(self.hands)
        self.load.ask("pause")
        recovery = self.instance.drain(self.store, DRAIN_SECONDS_MAX)
        row.recovery.append(recovery)
        self.read_log()
        verdict = compare_counts(self.wanted(), self.metrics())
        seen = self.observer.ask("status")
        now = Verdict(verdict.lost + seen["lost"], verdict.double + seen["double"], verdict.wrong,
                      verdict.faults + seen["faults"])
        row.lost, row.double = row.lost + now.lost - self.known.lost, row.double + now.double - self.known.double
        if now.wrong > self.known.wrong:
            outcome.wrong.append(f"{now.wrong - self.known.wrong} subjects' orders or spend differ")
        for text in now.faults[:3] if (now.lost, now.double) != (self.known.lost, self.known.double) else []:
            self.say(f"  {text}")
        self.known = now
        row.events += len(self.acknowledged.events) - events
        row.fenced += self.watch.total("hearth_fenced_total") - fenced
        row.add(outcome)
        self.say(f"  hit {outcome.hits} of {outcome.attempts}, {row.events} events, lost {row.lost}, doubled "
                 f"{row.double}, lag 0 after {recovery:.1f} s{''.join('; ' + text for text in outcome.wrong[:3])}")

    def finish(self) -> None:
        """All tables, everything published, and the second oracle, at an instant at which nothing is due."""
        self.load.ask("stop")
        self.say(f"settling: {SETTLING_SECONDS} s, until the windows of a minute are empty")
        time.sleep(SETTLING_SECONDS)
        until = self.calm_instant()
        self.instance.drain(self.store, DRAIN_SECONDS_MAX)
        self.say("judging the tables")
        replay = self.replay(until)
        verdict = self.tables(replay)
        self.observer.ask("stop")
        followed = json.loads((self.directory / "followed.json").read_text())
        verdict.add(compare_published(followed, *(lines(replay / name) for name in ("state", "funnels", "segments")),
                                      tenant=TENANT))
        verdict.add(judge_touches(self.acknowledged.buyers(), self.touches(), followed["receipts"], self.written()))
        verdict.add(judge_letters(self.acknowledged.letters, followed["letters"], self.outages))
        verdict.add(self.raw_letters(followed["letters"]))
        verdict.add(self.second_oracle(replay, until))
        verdict.add(self.acknowledged.verdict)
        self.verdict.add(verdict)
        self.followed = followed["summary"]
        for text in verdict.faults:
            self.say(f"  {text}")

    # ---- What faults ask of a run

    def refusals(self) -> int:
        counts = self.load.ask("status")["counts"]
        return sum(count for name, count in counts.items() if name in ("refused", "unanswered")
                   or (name.startswith("status ") and name != "status 200"))

    def wait_for_owners(self, seconds: float = 45) -> None:
        """Until some tagger owns partitions again; goes on when none does in time, and then nothing is hit."""
        deadline = time.monotonic() + seconds
        while not self.instance.owners() and time.monotonic() < deadline:
            self.instance.check()
            time.sleep(0.1)

    # ---- What stands against what

    def read_log(self) -> None:
        with open(self.directory / "acknowledged.ndjson", "rb") as file:
            file.seek(self.read_to)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.acknowledged.read(line)
                self.read_to += len(line)

    def wanted(self) -> dict:
        return {f"{subject}": count for subject, count in self.acknowledged.counts.items()}

    def metrics(self) -> dict[str, dict]:
        rows = self.store.rows(
            f"SELECT substr(subject, {len(TENANT) + 2}), projection -> 'metrics' FROM subject_states WHERE "
            f"consumer_group = 'tagger' AND subject > '{TENANT}/' AND subject < '{TENANT}0'")
        return {row[0]: json.loads(row[1] or "{}", parse_float=Decimal, parse_int=Decimal) for row in rows}

    def calm_instant(self) -> str:
        """Now, when no timer is due before in a while and all that were due have fired."""
        deadline = time.monotonic() + 120
        while True:
            now = int(Decimal(self.store.value("SELECT extract(epoch FROM clock_timestamp()) * 1000")))
            due = int(self.store.value("SELECT coalesce(min(due), 9e15)::int8 FROM subject_states WHERE "
                                       f"consumer_group IN ('tagger', 'segmenter') AND subject > '{TENANT}/'"))
            if due > now + 30_000:
                return instant(now)
            if time.monotonic() > deadline:
                raise RunFailure(f"timers that were due {(now - due) / 1000:.1f} s ago have not fired")
            time.sleep(0.5)

    def replay(self, until: str) -> pathlib.Path:
        """`hearth fold` over the acknowledged log."""
        folder = self.directory / "replay"
        folder.mkdir(exist_ok=True)
        with open(folder / "events.ndjson", "w", encoding="utf-8") as file:
            for event in self.acknowledged.events.values():
                line = event | {"receivedat": instant(int(event["receivedat"]))}
                file.write(json.dumps(line, ensure_ascii=False, default=number, separators=(",", ":")) + "\n")
        for name in ("state", "funnels", "segments"):
            made = self.instance.command("fold", "--playbook", str(PLAYBOOK), "--events", str(folder / "events.ndjson"),
                                         "--until", until, "--emit", name)
            (folder / name).write_text(made, encoding="utf-8")
        return folder

    def tables(self, replay: pathlib.Path) -> Verdict:
        done = subprocess.run(
            [sys.executable, str(ROOT / "Tests/EndToEnd/compare_tables.py"), "--store",
             self.instance.endpoints()["store"], "--tenant", TENANT, "--state", str(replay / "state"), "--funnels",
             str(replay / "funnels"), "--segments", str(replay / "segments")],
            capture_output=True, text=True, check=False)
        verdict = Verdict()
        for line in done.stdout.splitlines():
            if line.startswith("differs"):
                verdict.note(line, wrong=1)
            else:
                self.say(f"  {line}")
        if done.returncode != 0 and verdict.is_clean:
            verdict.note(f"compare_tables.py ended with {done.returncode}: {done.stderr.strip()[:200]}", wrong=1)
        return verdict

    def second_oracle(self, replay: pathlib.Path, until: str) -> Verdict:
        """Some subjects, in another language from SEMANTICS alone: byte for byte with the replay."""
        subjects = sorted(self.acknowledged.counts)
        chosen = set(self.dice.sample(subjects, min(SAMPLE, len(subjects))))
        verdict, compared = Verdict(), 0
        # Only their events: the oracle is slow on purpose.
        with open(replay / "events.ndjson", encoding="utf-8") as all_events, \
                open(replay / "sample.ndjson", "w", encoding="utf-8") as sample:
            for line in all_events:
                event = json.loads(line)
                if event["subject"] in chosen or f"community/{event.get('community')}" in chosen:
                    sample.write(line)
        for name in ("state", "funnels", "segments"):
            done = subprocess.run(
                [sys.executable, str(ROOT / "Tests/Oracle/oracle.py"), "--playbook", str(PLAYBOOK), "--events",
                 str(replay / "sample.ndjson"), "--until", until, "--emit", name, "--only", ",".join(chosen)],
                capture_output=True, text=True, check=False)
            if done.returncode != 0:
                verdict.note(f"oracle.py ended with {done.returncode}: {done.stderr.strip()[-200:]}", wrong=1)
                continue
            # A revision counts changes, so it depends on the order of arrival; the oracle has none.
            ours = [REVISION.sub("", line) for line in (replay / name).read_text(encoding="utf-8").splitlines()
                    if json.loads(line)["subject"] in chosen]
            theirs = done.stdout.splitlines()
            compared += len(theirs)
            for line in sorted(set(ours) ^ set(theirs)):
                verdict.note(f"second oracle, {name}: {line[:300]}", wrong=1)
        self.say(f"  second oracle: {compared} lines of {len(chosen)} subjects")
        if compared == 0:
            verdict.note("the second oracle compared nothing", wrong=1)
        return verdict

    def touches(self) -> list[list[str]]:
        return self.store.rows(f"SELECT source, subject, status, id FROM touches WHERE tenant = '{TENANT}'")

    def written(self) -> list[str]:
        path = self.directory / "deliveries" / "on_paper.ndjson"
        return [json.loads(line)["touch"] for line in path.read_text(encoding="utf-8").splitlines()]

    def raw_letters(self, letters: dict[str, str]) -> Verdict:
        verdict, seen = Verdict(), collections.Counter(tuple(name.split("/")[:3]) for name in letters if "/" in name)
        for topic, partition, offset in self.raw_poison:
            count = seen[topic, str(partition), str(offset)]
            if count != 1:
                verdict.note(f"poison at {topic}/{partition}/{offset}: {count} dead letters, expected 1",
                             lost=int(count == 0), double=max(0, count - 1))
        return verdict

    # ---- The end

    def table(self) -> bool:
        """Prints it; whether all is well."""
        rows = [row for row in self.rows.values() if row.turns]
        print(f"\n{'fault':<40} {'hits':>6} {'tried':>6} {'events':>8} {'lost':>5} {'double':>6} {'fenced':>6} "
              f"{'re-read':>8} {'again':>7} {'lag 0 in':>9}")
        for row in rows:
            total = row.total
            print(f"{row.fault.number + ' ' + row.fault.name:<40} {total.hits:>6} {total.attempts:>6} {row.events:>8} "
                  f"{row.lost:>5} {row.double:>6} {row.fenced:>6} {total.reread:>8} {total.republished:>7} "
                  f"{max(row.recovery):>7.1f} s")
            for name, (hits, reread, again) in total.parts.items():
                print(f"{'    ' + name:<40} {hits:>6} {'':>6} {'':>8} {'':>5} {'':>6} {'':>6} {reread:>8} {again:>7}")
        faults = [f"{row.fault.number} {row.fault.name}: {text}" for row in rows for text in row.faults()]
        lost = self.known.lost + self.verdict.lost
        double = self.known.double + self.verdict.double
        wrong = self.known.wrong + self.verdict.wrong
        for row in rows:
            for name, count in row.total.told.items():
                print(f"{row.fault.number}: {name}: {count}")
        print(f"watched: {', '.join(f'{name} {int(count)}' for name, count in sorted(self.watch.totals.items()))}")
        print(f"load: {', '.join(f'{name} {count}' for name, count in sorted(self.loaded['counts'].items()))}")
        print(f"published: {', '.join(f'{n} {c}' for n, c in sorted(self.followed['counts'].items()))}")
        for text in faults:
            print(f"failed: {text}")
        print(f"{len(self.acknowledged.events)} events acknowledged, {sum(row.total.hits for row in rows)} hits, "
              f"{lost} lost, {double} doubled, {wrong} wrong, {len(faults)} other faults; seed {self.chosen.seed}")
        return not (lost or double or wrong or faults)

    def run(self) -> int:
        try:
            self.start()
            for fault, seconds in self.schedule():
                self.turn(fault, seconds)
            self.loaded = self.load.ask("status")
            self.finish()
            code = self.instance.stop()
            if code != 0:
                self.verdict.note(f"hearth up ended with {code}", wrong=1)
            for text in self.loaded["broken"]:
                self.verdict.note(f"load: {text}", wrong=1)
            return 0 if self.table() else 1
        finally:
            for helper in (self.load, self.observer):
                if helper is not None:
                    helper.end()
            self.instance.stop()


def number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def instant(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(ms // 1000)) + f"{ms % 1000:03d}Z"


def lines(path: pathlib.Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", required=True, help="folder of the built programs")
    parser.add_argument("--dir", required=True, help="folder of the instance, made anew")
    parser.add_argument("--minutes", type=float, default=2, help="of load under faults; every fault gets its turn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=800, help="events a second, copies included")
    parser.add_argument("--faults", type=lambda text: text.split(","), help="numbers, separated by commas; default all")
    chosen = parser.parse_args()
    unknown = set(chosen.faults or []) - {fault.number for fault in FAULTS}
    if unknown:
        print(f"error: unknown fault at --faults: expected {', '.join(fault.number for fault in FAULTS)}, "
              f"got {', '.join(sorted(unknown))}\nnext: services/torture --help", file=sys.stderr)
        return 2
    try:
        return Run(chosen).run()
    except (RunFailure, StoreFailure) as fault:
        print(f"error: {fault}\nnext: see {chosen.dir}/up.log and {chosen.dir}/logs", file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main())
