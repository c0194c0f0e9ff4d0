#!/usr/bin/env python3
"""The second oracle for `hearth fold`, written from SEMANTICS alone.

`python3 Tests/Oracle/oracle.py --playbook FOLDER --events FILE --until T --emit state|funnels|segments` prints
canonical NDJSON; rejects go to stderr with counts per class. Population segments are computed at T itself: their
`since` is T, and the top p % are p % of the members with a value, rounded up, ties by the smaller id.
"""

import argparse
import gzip
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent / "schemas"))
import environment  # noqa: E402

environment.ensure()
sys.path.insert(0, str(FOLDER))

from foldoracle import funnels, playbook, tags  # noqa: E402
from foldoracle.events import accept  # noqa: E402
from foldoracle.values import Time, canonical, instant  # noqa: E402

OUTPUTS = ("state", "funnels", "segments")


class Fold:
    """A file of events under a playbook, at T."""

    def __init__(self, folder: str, lines, until: Time | None, only: set[str] | None = None):
        self.book = playbook.load(folder)
        self.events, self.now, self.rejects = accept(lines, until)
        self.subjects = {
            path: tags.Subject(self.book, path.split("/")[0], events, self.now)
            for path, events in self.events.items()
            if only is None or path in only
        }

    def state(self) -> list[str]:
        return sorted(canonical({"subject": path, **subject.state()}) for path, subject in self.subjects.items())

    def funnels(self) -> list[str]:
        lines = []
        for path in self.members():
            for funnel in self.book.funnels.values():
                track = funnels.Track(self.book, funnel, self.events[path], self.now)
                lines += [canonical({"subject": path, **entry}) for entry in track.entries()]
        return sorted(lines)

    def segments(self) -> list[str]:
        lines = []
        for name, tree in self.book.rules.items():
            for path in self.members():
                since, holds = self.subjects[path].rule(tree)
                if holds:
                    lines.append(canonical({"subject": path, "segment": name, "since": Time(since)}))
        for name, (share, tree) in self.book.tops.items():
            for path in self.top(share, tree):
                lines.append(canonical({"subject": path, "segment": name, "since": self.now}))
        return sorted(lines)

    def top(self, share, tree) -> list[str]:
        values = [(self.subjects[path].evaluate(tree, self.now.ms), path) for path in self.members()]
        ranked = sorted(
            ((value, path) for value, path in values if value is not None),
            key=lambda pair: (-pair[0], pair[1].encode()),
        )
        return [path for place, (_, path) in enumerate(ranked, 1) if place - 1 < share * len(ranked)]

    def members(self) -> list[str]:
        """Those that have begun."""
        return sorted(path for path, one in self.subjects.items() if path.startswith("member/") and one.has_begun)


def opened(path: str):
    return gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--playbook", required=True, help="folder of YAML files")
    parser.add_argument("--events", required=True, help="events, one CloudEvent a line (.gz too)")
    parser.add_argument("--until", help="T; else the largest receivedat")
    parser.add_argument("--emit", choices=OUTPUTS, default="state")
    parser.add_argument(
        "--only", help="subjects separated by commas; others are left out (not for population segments)"
    )
    arguments = parser.parse_args()
    with opened(arguments.events) as lines:
        fold = Fold(
            arguments.playbook,
            lines,
            instant(arguments.until) if arguments.until else None,
            set(arguments.only.split(",")) if arguments.only else None,
        )
    for line in getattr(fold, arguments.emit)():
        print(line)
    for name, count in sorted(fold.rejects.items()):
        print(f"rejected {name}: {count}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
