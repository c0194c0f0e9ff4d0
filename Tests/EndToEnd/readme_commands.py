#!/usr/bin/env python3
"""Runs the commands of README.md as they stand there, against a fresh instance.

`python3 Tests/EndToEnd/readme_commands.py [--build release|debug|FOLDER] [--timeout 120]`

The two blocks marked `<!-- commands: start -->` and `<!-- commands: follow -->` are taken out of README.md. They run in a
temporary folder that holds links to the checkout (so that `.hearth` is made there) and to the chosen build as
`.build/release`. Checked is what the README promises: the event is accepted, its tag comes from the topic with its cause
and reason, `hearth explain` tells why and what comes next, `hearth lag` shows every group, and the instance stops
cleanly. Exit 0 when all of it holds, 1 when not, 4 when there is no build.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"<!-- commands: (\w+) -->\n```bash\n(.*?)```", re.S)
LINKED = ["Sources", "schemas", "services"]


def blocks() -> dict[str, str]:
    found = dict(BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    missing = {"start", "follow"} - found.keys()
    if missing:
        sys.exit(f"error: README.md has no block of commands named {', '.join(sorted(missing))}")
    return found


def prepare(folder: pathlib.Path, build: str) -> None:
    binaries = pathlib.Path(build).resolve() if "/" in build else ROOT / ".build" / build
    if not (binaries / "hearth").exists():
        print(f"error: no programs at {binaries}: expected a build\nnext: swift build -c release", file=sys.stderr)
        sys.exit(4)
    (folder / ".build").mkdir()
    (folder / ".build" / "release").symlink_to(binaries)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)


def environment() -> dict[str, str]:
    """Without settings of another instance: the commands find theirs by the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEARTH_")}
    return kept | {"HEARTH_SCHEMAS": str(ROOT / "schemas")}


class Instance:
    """`hearth up` in a process group of its own."""

    def __init__(self, folder: pathlib.Path, script: str):
        self.log = folder / "up.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["bash", "-ec", script], cwd=folder, env=environment(), stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def wait_until_up(self, deadline: float) -> None:
        while "hearth is up" not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"error: `hearth up` did not come up\n{self.text()}")
            time.sleep(0.1)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int | None:
        """As Ctrl-C does: SIGINT to the foreground group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return None
        finally:
            # The store's socket lies in a folder below /tmp, named after this one.
            for socket in re.findall(r"host=(/tmp/hearth-\w+) ", self.text()):
                shutil.rmtree(socket, ignore_errors=True)


def check(output: str) -> list[str]:
    faults = []
    if '"accepted":1' not in output or '"rejected":0' not in output:
        faults.append("the event was not accepted")
    if "is in force for demo" not in output:
        faults.append("the playbook was not applied")
    lines = [line.strip() for line in output.splitlines()]
    changes = [json.loads(line.split(" ", 1)[1])["data"] for line in lines if line.startswith("demo/member/alice {")]
    data = next((change for change in changes if change["tag"] == "buyer"), None)
    if data is None:
        return faults + ["the tag `buyer` of member/alice did not come from the topic"]
    expected = {"tag": "buyer", "value": True, "was": None, "rule": "tags.member.buyer", "mode": "live",
                "cause": {"id": "order-1", "kind": "event"}, "deciding": {"orders": 1}, "sequence": 1}
    faults += [f"data.{name}: expected {value}, got {data.get(name)}" for name, value in expected.items()
               if data.get(name) != value]
    for said in (r"^Has bought \(buyer\): yes, since ", r"^  rule     orders >= 1$", r"^  because  orders = 1 \(count of",
                 r"^Quiet for a month \(quiet\): no, since ", r"^  next     yes at .*, if nothing comes before$"):
        if not re.search(said, output, re.M):
            faults.append(f"`hearth explain` does not say {said}")
    for group in ("tagger", "segmenter", "scheduler", "notifier"):
        if not re.search(rf"^{group} ", output, re.M):
            faults.append(f"`hearth lag` does not show {group}")
    return faults


def run(build: str, timeout: float) -> int:
    found = blocks()
    with tempfile.TemporaryDirectory(prefix="hearth-readme-") as name:
        folder = pathlib.Path(name)
        # PostgreSQL run by root belongs to another user, who must come through.
        folder.chmod(0o755)
        prepare(folder, build)
        started = time.monotonic()
        instance = Instance(folder, found["start"])
        try:
            instance.wait_until_up(started + timeout)
            up = time.monotonic() - started
            try:
                done = subprocess.run(["bash", "-ec", found["follow"]], cwd=folder,
                                      env=environment(), capture_output=True, text=True, timeout=timeout, check=False)
                output, errors = done.stdout, done.stderr
            except subprocess.TimeoutExpired as expired:
                output = (expired.stdout or b"").decode()
                errors = f"the commands did not end within {timeout:.0f} s"
            seconds = time.monotonic() - started - up
        finally:
            status = instance.stop()
        faults = check(output)
        if status != 0:
            faults.append(f"`hearth up` ended with {status} after Ctrl-C, expected 0")
        for fault in faults:
            print(f"error: {fault}", file=sys.stderr)
        if faults:
            print(output, errors, instance.text(), sep="\n", file=sys.stderr)
            return 1
        print(f"README: up after {up:.1f} s, commands done after {seconds:.1f} s more, stopped cleanly")
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="release", help="release, debug, or a folder with the programs")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for each of the two blocks")
    given = parser.parse_args()
    sys.exit(run(given.build, given.timeout))


if __name__ == "__main__":
    main()
