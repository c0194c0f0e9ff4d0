#!/usr/bin/env python3
"""Makes a smaller copy of the demonstration's data: `cut_data.py OUT [--part 5]`.

Keeps every household whose number divides by `--part`, with all that it did, and the mapping beside it. Prints how many
rows of each file stayed.
"""

import argparse
import csv
import gzip
import pathlib
import shutil
import sys

DEMO = pathlib.Path(__file__).resolve().parent.parent.parent / "services" / "demo"


def cut(source: pathlib.Path, target: pathlib.Path, part: int) -> tuple[int, int]:
    kept = total = 0
    with gzip.open(source, "rt", encoding="utf-8", newline="") as rows, \
            gzip.open(target, "wt", encoding="utf-8", newline="", compresslevel=1) as out:
        reader = csv.reader(rows)
        writer = csv.writer(out, lineterminator="\n")
        head = next(reader)
        place = head.index("household_id")
        writer.writerow(head)
        for row in reader:
            total += 1
            if int(row[place]) % part == 0:
                writer.writerow(row)
                kept += 1
    return kept, total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--part", type=int, default=5)
    chosen = parser.parse_args()
    target = chosen.out / "data" / "complete-journey"
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted((DEMO / "data" / "complete-journey").glob("*.csv.gz")):
        kept, total = cut(source, target / source.name, chosen.part)
        print(f"{source.name}: {kept} of {total} rows")
    shutil.copy(DEMO / "mapping.yaml", chosen.out / "mapping.yaml")
    return 0


if __name__ == "__main__":
    sys.exit(main())
