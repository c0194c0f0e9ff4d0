#!/usr/bin/env python3
"""Compiles the playbooks that the documents and demonstrations show: `python3 Tests/EndToEnd/doc_examples.py`.

`hearth playbook validate` takes the example of Sources/PLAYBOOK.md as it stands there and every folder
`services/*/playbook`. `--build release|debug|FOLDER` says whose programs. Exit 0; 3 when one has a fault; 4 without a
build.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="release", help="release, debug, or a folder with the programs")
    build = parser.parse_args().build
    hearth = (pathlib.Path(build) if "/" in build else ROOT / ".build" / build) / "hearth"
    if not hearth.exists():
        print(f"error: no program at {hearth}: expected a build\nnext: swift build -c release", file=sys.stderr)
        sys.exit(4)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        text = (ROOT / "Sources" / "PLAYBOOK.md").read_text(encoding="utf-8")
        pathlib.Path(name, "example.yaml").write_text(re.search(r"```yaml\n(.*?)```", text, re.S)[1], encoding="utf-8")
        for folder in [pathlib.Path(name), *sorted(ROOT.glob("services/*/playbook"))]:
            shown = "Sources/PLAYBOOK.md" if folder == pathlib.Path(name) else str(folder.relative_to(ROOT))
            done = subprocess.run([hearth, "playbook", "validate", folder], capture_output=True, text=True, check=False)
            print(f"{shown}: {(done.stdout or done.stderr).strip()}")
            failed = failed or done.returncode != 0 or bool(done.stderr)
    sys.exit(3 if failed else 0)


if __name__ == "__main__":
    main()
