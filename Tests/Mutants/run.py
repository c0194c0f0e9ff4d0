#!/usr/bin/env python3
"""Do the tests notice faults? Builds the core with its mutants once, then switches one on after the other.

`Tests/Mutants/run.py` builds what `Package.swift` beside it names into `.build/mutants` (debug; needs the dependencies
of the ordinary build in `.build/checkouts`), checks that every suite passes without a mutant, and then runs for each
mutant of `Sources/EventModel/Mutant.swift` the suites named below until one fails. A mutant that no suite notices is
printed and gives exit 3; exit 4 when the build or a suite without a mutant fails.

  --only NAME…   these mutants alone
  --jobs N       at the same time (default: the number of processors)
  --no-build     what was built before
  --list         the mutants and what they do
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGE = ROOT / ".build" / "mutants"
BUNDLE = STAGE / ".build" / "debug" / "mutantsPackageTests.xctest"
SECONDS_MAX = 240
# A fault may never come to an end; it must not take the machine with it.
MEMORY_MAX = 6 << 30

# What is run, and its settings. Few seeds: what they must notice is noticed early or not at all.
SUITES = {
    "model": ("EventModelTests\\.(CalendarZone|FixedDecimal|Acceptance)Tests", {}),
    "formulas": ("PlaybookTests\\.(NextChange|Evaluation)Tests", {}),
    "tag rules": ("TaggingTests\\.BoundaryTests", {}),
    "tag order": ("TaggingTests\\.OrderIndependenceTests", {"HEARTH_CASES": "1"}),
    "tag bounds": ("TaggingTests\\.BoundsTests", {}),
    "tag states": ("TaggingTests\\.StoredStateTests", {}),
    "funnel rules": ("FunnelsTests\\.FunnelStateTests", {}),
    "funnels": ("FunnelsTests\\.FunnelPropertyTests", {"HEARTH_CASES": "60"}),
    "segments": ("SegmentationTests", {}),
    "touch rules": ("SchedulingTests\\.(CommunityCalendar|CourtesyDecision|MemberJourney|WallClockSlots|QuietHours|TouchCaps)Tests", {}),
    "touches": ("SchedulingTests\\.SchedulerPropertyTests", {"HEARTH_CASES": "20"}),
    "deliveries": ("MessagingTests", {}),
    "ticks": ("PipelineRuntimeTests\\.LoopFaultTests/tick", {}),
    "loop": ("PipelineRuntimeTests\\.LoopFaultTests/(faults|twoOwners)", {}),
    "simulation": ("SimulationTests", {"HEARTH_SEEDS": "1-20", "HEARTH_FAILURES": "1"}),
}

# Which suite should notice which mutant; where several do, the first named is tried first.
KILLERS = {
    "model": "zoneWithoutChanges gapFallsBack roundsHalfUp decimalUnbounded latenessExclusive",
    "formulas": "elapsedWakesEarly greaterOrEqual",
    "tag rules": "windowKeepsEdge windowEntersEarly tieByArrival duplicateCounted idsForgottenEarly pulseIsAChange"
    " streakEndsToday",
    "tag order": "lateEventLost settledTooEarly streakEndsToday windowEntersEarly",
    "tag bounds": "staleCheckpoint",
    "tag states": "streakEndsToday",
    "funnel rules": "exclusionsIgnored droppedEarly funnelWindowOpen funnelTieById",
    "funnels": "funnelWindowOpen funnelEarliestStart oneSlotFunnel funnelTieById",
    "segments": "cutExcludesLast shareRoundedDown staleCutTaken signalRepeatTaken",
    "touch rules": "quietEndIncluded capOneMore waitEndExcluded slotTwice expiredSent",
    "touches": "capOneMore priorityIgnored",
    "deliveries": "attemptAfterExpiry blindRetry",
    "ticks": "tickSwallowed dueSubjectsNotRead",
    "loop": "offsetTooFar dirtyForgotten timersNotLoaded graceForgotten",
    "simulation": "sequenceForgotten activationLate publishedBeforeCommit clockMax leftoversSkipped unknownCommitTaken",
}


def mutants() -> dict[str, str]:
    """Name and fault of each, as the source has them."""
    text = (ROOT / "Sources" / "EventModel" / "Mutant.swift").read_text(encoding="utf-8")
    return {name: fault for fault, name in re.findall(r"  /// (.+)\n  case (\w+)\n", text)}


def stage() -> None:
    """A package of its own that shares sources with the ordinary one and nothing that is built."""
    STAGE.mkdir(parents=True, exist_ok=True)
    manifest = (ROOT / "Tests" / "Mutants" / "Package.swift").read_text(encoding="utf-8")
    target = STAGE / "Package.swift"
    if not target.exists() or target.read_text(encoding="utf-8") != manifest:
        target.write_text(manifest, encoding="utf-8")
    for name in ("Sources", "Tests"):
        if not (STAGE / name).is_symlink():
            (STAGE / name).symlink_to(pathlib.Path("..") / ".." / name)


def build() -> bool:
    stage()
    command = ["swift", "build", "--package-path", str(STAGE), "--build-tests"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"error: the mutants do not build\n{(done.stdout + done.stderr)[-4000:]}", file=sys.stderr)
    return done.returncode == 0


def run(suite: str, mutant: str | None) -> tuple[bool, str]:
    """Whether the suite passed, and the first thing it said if not."""
    tests, settings = SUITES[suite]
    environment = {**os.environ, **settings}
    environment.pop("HEARTH_MUTANT", None)
    if mutant:
        environment["HEARTH_MUTANT"] = mutant
    command = [str(BUNDLE), "--testing-library", "swift-testing", "--filter", f"^{tests}"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace",
            timeout=SECONDS_MAX, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX)),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, f"no end within {SECONDS_MAX} s"
    output = done.stdout + done.stderr
    if done.returncode == 0 and not re.search(r"Test run with [1-9]\d* tests? ", output):
        return False, "no test ran"
    if done.returncode < 0:
        return False, f"signal {-done.returncode}"
    failed = re.search(r'Test "?(.+?)"? recorded an issue', output)
    return done.returncode == 0, failed.group(1) if failed else f"exit {done.returncode}"


def suites_for(mutant: str) -> list[str]:
    return [suite for suite, names in KILLERS.items() if mutant in names.split()]


def hunt(mutant: str) -> tuple[str | None, str, float]:
    """The suite that notices the mutant, by which test, and how long that took."""
    began = time.monotonic()
    for suite in suites_for(mutant):
        passed, said = run(suite, mutant)
        if not passed:
            return suite, said, time.monotonic() - began
    return None, "", time.monotonic() - began


def baseline(names: list[str], jobs: int) -> bool:
    used = sorted({suite for name in names for suite in suites_for(name)})
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = dict(zip(used, pool.map(lambda suite: run(suite, None), used)))
    for suite, (passed, said) in outcomes.items():
        if not passed:
            print(f"error: {suite} fails without a mutant: {said}", file=sys.stderr)
    return all(passed for passed, _ in outcomes.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--list", action="store_true")
    chosen = parser.parse_args()
    known = mutants()
    unknown = [name for name in chosen.only or [] if name not in known]
    stray = [name for names in KILLERS.values() for name in names.split() if name not in known]
    stray += [name for name in known if not suites_for(name)]
    if unknown or stray:
        print(f"error: names without a mutant or a suite: {', '.join(unknown + stray)}\nnext: run.py --list", file=sys.stderr)
        return 2
    if chosen.list:
        for name, fault in known.items():
            print(f"{name:24} {fault}")
        return 0
    began = time.monotonic()
    if not chosen.no_build and not build():
        return 4
    built = time.monotonic()
    names = chosen.only or list(known)
    if not baseline(names, chosen.jobs):
        return 4
    passed = time.monotonic()
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        for name, (suite, said, seconds) in zip(names, pool.map(hunt, names)):
            if suite is None:
                survivors.append(name)
            print(f"{name:24} {suite or 'SURVIVES':14} {seconds:5.1f} s  {said[:80]}", flush=True)
    for name in survivors:
        print(f"not noticed: {name}: {known[name]}", file=sys.stderr)
    ended = time.monotonic()
    print(
        f"{len(names) - len(survivors)} of {len(names)} mutants noticed; build {built - began:.0f} s, suites without a "
        f"mutant {passed - built:.0f} s, mutants {ended - passed:.0f} s"
    )
    return 3 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
