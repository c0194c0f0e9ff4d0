#!/usr/bin/env python3
"""Runs `hearth fold` and the oracle on many random cases and shows the first difference.

`compare.py --hearth .build/debug/hearth --seeds 1-200 [--events 120]`; one more case with `--seeds 17`. A different
command line of the fold goes into `--arguments`. Compared are, byte for byte: `state` (subject, every tag's value and
since, every metric), `funnels` (subject, funnel, day, level, status, times, breakdown; not revision) and `segments`
(subject, segment, since). A case that differs is kept, with both outputs. Exit 0 when all agree, 3 at a difference,
4 when hearth does not run.
"""

import argparse
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

ARGUMENTS = "fold --playbook {playbook} --events {events} --until {until} --out {out}"
REVISION = re.compile(r',"revision":\d+')


def seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def run_hearth(command: list[str]) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\nexit {done.returncode}\n{done.stderr[:2000]}")
    return [REVISION.sub("", line) for line in done.stdout.splitlines()]


def first_difference(ours: list[str], theirs: list[str]) -> str | None:
    """The first line that stands in one only, with its counterpart where there is one."""
    if ours == theirs:
        return None
    missing, extra = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if not missing and not extra:
        return "the same lines, in another order or number"
    return (f"{len(missing)} lines of the oracle are missing, {len(extra)} lines of hearth are not the oracle's\n"
            f"  oracle: {missing[0] if missing else '(none)'}\n  hearth: {extra[0] if extra else '(none)'}")


def check(seed: int, events: int, hearth: str, arguments: str, folder: pathlib.Path) -> tuple[str | None, int]:
    """The difference of one case, and the number of lines compared."""
    case = generate.write(seed, events, folder)
    file = folder / "events.ndjson"
    with open(file, encoding="utf-8") as lines:
        fold = Fold(str(folder / "playbook"), lines, instant(case["until"]))
    compared, found = 0, None
    for out in OUTPUTS:
        ours = getattr(fold, out)()
        filled = arguments.format(playbook=folder / "playbook", events=file, until=case["until"], out=out)
        theirs = run_hearth([hearth, *filled.split()])
        (folder / f"{out}.oracle").write_text("\n".join(ours) + "\n", encoding="utf-8")
        (folder / f"{out}.hearth").write_text("\n".join(theirs) + "\n", encoding="utf-8")
        compared += len(ours)
        difference = first_difference(ours, theirs)
        if difference is not None and found is None:
            found = f"seed {seed}, {out}, until {case['until']}: {difference}"
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
    print(f"{cases} cases, {lines} lines compared (state: values, since, metrics; funnels: all but revision; segments: "
          f"since), {differing} differ")
    return 3 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
