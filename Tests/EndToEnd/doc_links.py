#!/usr/bin/env python3
"""Checks the Markdown files: `python3 Tests/EndToEnd/doc_links.py`.

Every relative link leads to a file that exists, and its anchor to a heading there; every path of the repository that is
named in backticks exists, from the repository's root, from the file's own folder, or as the end
of some path. A name with a wildcard, a space or a placeholder (`TYPE`, `NAME` …) is none. Exit 0, or 3 with one line a
fault.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.+-]+(/[\w.+-]+)*/?\Z")
#: A name without a slash is a path when it ends so.
ENDINGS = (".swift", ".md", ".py", ".sql", ".yaml", ".json", ".sh", ".resolved")
PLACEHOLDER = re.compile(r"(?<![A-Z])(TYPE|NAME|NNN|DIR|FOLDER|FILE|TENANT|HOST|T|X)(?![A-Z])")
#: What is named without standing in the repository: made by a build, an instance, a report or a user.
MADE = re.compile(r"(\.build|\.hearth|\.venv)(/|\Z)|endpoints\.json\Z|tags\.ndjson\Z|tags\.yaml\Z")


def tracked() -> set[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=True).stdout.split("\n")
    files = {name for name in listed if name and (ROOT / name).exists()}
    return files | {str(parent) for name in files for parent in pathlib.PurePosixPath(name).parents if str(parent) != "."}


def anchors(path: pathlib.Path) -> set[str]:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-"))
    return found


def is_path(name: str, tops: set[str]) -> bool:
    if not PATH.match(name) or MADE.search(name) or PLACEHOLDER.search(name) or name in ENDINGS + (".yml",):
        return False
    first = name.split("/")[0]
    if "/" in name:
        return first in tops or name.endswith(ENDINGS)
    return name.endswith(ENDINGS)


def stands(name: str, file: pathlib.Path, known: set[str]) -> bool:
    name = name.rstrip("/")
    folder = file.parent.relative_to(ROOT).as_posix()
    tries = [name, f"{folder}/{name}", f"Sources/{name}"]
    return any(attempt in known for attempt in tries) or any(path.endswith("/" + name) for path in known)


def check(file: pathlib.Path, known: set[str]) -> list[str]:
    faults = []
    place = file.relative_to(ROOT).as_posix()
    tops = {name.split("/")[0] for name in known}
    blank = lambda found: "\n" * found.group(0).count("\n")  # noqa: E731  (keeps the lines' numbers)
    text = FENCE.sub(blank, file.read_text(encoding="utf-8"))
    for number, line in enumerate(text.split("\n"), 1):
        for target in LINK.findall(CODE.sub("", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            to = (file.parent / path).resolve() if path else file
            if not to.exists():
                faults.append(f"{place}:{number}: link to {target}: expected a file, found nothing")
            elif anchor and to.suffix == ".md" and anchor not in anchors(to):
                faults.append(f"{place}:{number}: link to {target}: no such heading")
        for name in CODE.findall(line):
            if is_path(name, tops) and not stands(name, file, known):
                faults.append(f"{place}:{number}: `{name}`: no such path")
    return faults


def main() -> None:
    known = tracked()
    files = sorted(ROOT / name for name in known if name.endswith(".md"))
    faults = [fault for file in files for fault in check(file, known)]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    print(f"{len(files)} documents, {len(faults)} faults")
    sys.exit(3 if faults else 0)


if __name__ == "__main__":
    main()
