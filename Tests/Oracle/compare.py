#!/usr/bin/env python3
"""Runs `hearth fold` and the oracle on many random cases and shows the first difference.

`compare.py --hearth .build/debug/hearth --seeds 1-200 [--events 120]`; one more case with `--seeds 17`. A different
command line of the fold goes into `--arguments`. Compared are, byte for byte: `state` (subject, every tag's value and
since, every metric), `funnels` (subject, funnel, day, level, status, times, breakdown; not revision) and `segments`
(subject, segment, since). The changes that hearth gives are checked against its own state: sequences without a gap,
`was` the value before, and the last change of each tag its value and since. A case that differs is kept, with both
outputs. Exit 0 when all agree, 3 at a difference, 4 when hearth does not run.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import generate  # noqa: E402
from oracle import OUTPUTS, Fold  # noqa: E402  (prepares the environment)

from foldoracle.values import instant  # noqa: E402

ARGUMENTS = "fold --playbook {playbook} --events {events} --until {until} --emit {emit}"
REVISION = re.compile(r',"revision":\d+')


def seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def run_hearth(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stderr[:2000]}")
    return sorted(REVISION.sub("", line) for line in done.stdout.splitlines())


def first_difference(ours: list[str], theirs: list[str]) -> str | None:
    """The first line that stands in one only, with its counterpart where there is one."""
    if ours == theirs:
        return None
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if not missing and not extra:
        return "the same lines, in another order or number"
    return (
        f"{len(missing)} lines of the oracle are missing, {len(extra)} lines of hearth are not the oracle's\n"
        f"  oracle: {missing[0] if missing else '(none)'}\n  hearth: {extra[0] if extra else '(none)'}"
    )


def changes_fault(changes: list[str], state: list[str]) -> str | None:
    """Whether a reader of the changes would hold what the state says; a tag that never had a value has no change."""
    held: dict[str, dict[str, tuple]] = {}
    last: dict[str, int] = {}
    for change in sorted((json.loads(line) for line in changes), key=lambda each: (each["subject"], each["sequence"])):
        subject, tag = change["subject"], change["tag"]
        if change["sequence"] != last.get(subject, 0) + 1:
            return f"{subject}: sequence {change['sequence']} follows {last.get(subject, 0)}"
        last[subject] = change["sequence"]
        tags = held.setdefault(subject, {})
        if change["was"] != tags.get(tag, (None, None))[0]:
            return f"{subject} {tag}: sequence {change['sequence']} says was {change['was']}, it was {tags.get(tag)}"
        tags[tag] = (change["value"], change["since"])
    for line in state:
        subject = json.loads(line)
        for tag, value in subject["tags"].items():
            got = held.get(subject["subject"], {}).get(tag)
            if got != (value["value"], value["since"]) and not (got is None and value["value"] is None):
                return f"{subject['subject']} {tag}: the changes end at {got}, the state says {value}"
    return None


def check(seed: int, events: int, hearth: str, arguments: str, folder: pathlib.Path) -> tuple[str | None, int]:
    """The difference of one case, and the number of lines compared."""
    case = generate.write(seed, events, folder)
    file = folder / "events.ndjson"
    with open(file, encoding="utf-8") as lines:
        fold = Fold(str(folder / "playbook"), lines, instant(case["until"]))
    compared, found = 0, None
    for out in OUTPUTS:
        ours = getattr(fold, out)()
        filled = arguments.format(playbook=folder / "playbook", events=file, until=case["until"], emit=out)
        theirs = run_hearth([hearth, *filled.split()])
        (folder / f"{out}.oracle").write_text("\n".join(ours) + "\n", encoding="utf-8")
        (folder / f"{out}.hearth").write_text("\n".join(theirs) + "\n", encoding="utf-8")
        compared += len(ours)
        difference = first_difference(ours, theirs)
        if difference is not None and found is None:
            found = f"seed {seed}, {out}, until {case['until']}: {difference}"
        if out == "state":
            filled = arguments.format(playbook=folder / "playbook", events=file, until=case["until"], emit="changes")
            fault = changes_fault(run_hearth([hearth, *filled.split()]), theirs)
            if fault is not None and found is None:
                found = f"seed {seed}, changes, until {case['until']}: {fault}"
    return found, compared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hearth", required=True, help="path of the hearth command")
    parser.add_argument("--arguments", default=ARGUMENTS, help=f"default: {ARGUMENTS}")
    parser.add_argument("--seeds", default="1-50", help="FIRST-LAST or one")
    parser.add_argument("--events", type=int, default=120)
    parser.add_argument("--keep", help="folder for the cases that differ (default: a temporary one)")
    parser.add_argument("--all", action="store_true", help="go on after a difference")
    parser.add_argument("--seconds", type=float, help="stop after this time")
    chosen = parser.parse_args()
    keep = pathlib.Path(chosen.keep or tempfile.mkdtemp(prefix="hearth-compare-"))
    started, cases, lines, differing = time.monotonic(), 0, 0, 0
    for seed in seeds(chosen.seeds):
        if chosen.seconds and time.monotonic() - started > chosen.seconds:
            break
        folder = keep / f"seed-{seed}"
        try:
            difference, compared = check(seed, chosen.events, chosen.hearth, chosen.arguments, folder)
        except (RuntimeError, OSError) as fault:
            print(f"error: seed {seed}: {fault}\nnext: look at {folder}", file=sys.stderr)
            if not chosen.all:
                return 4
            differing += 1
            continue
        cases, lines = cases + 1, lines + compared
        if difference is None:
            shutil.rmtree(folder)
            continue
        differing += 1
        print(f"{difference}\n  kept in {folder}")
        if not chosen.all:
            break
    print(
        f"{cases} cases, {lines} lines compared (state: values, since, metrics; funnels: all but revision; segments: "
        f"since; changes end at the state), {differing} differ"
    )
    return 3 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
