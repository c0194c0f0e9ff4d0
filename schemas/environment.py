"""Runs a script of this project in its own virtual environment, `.venv/` at the repository root.

The environment is made on first use from `schemas/requirements.txt` and made anew when that file changes.
"""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements.txt"


def ensure() -> None:
    """Returns at once inside the environment; else prepares it and starts the calling script there."""
    home = ROOT / ".venv"
    python = home / "bin" / "python"
    stamp = home / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()

    def is_ready() -> bool:
        return stamp.is_file() and stamp.read_text() == wanted

    if is_ready() and pathlib.Path(sys.prefix).resolve() == home.resolve():
        return
    # One makes it, others that start meanwhile wait; the lock goes with the file's end.
    with open(REQUIREMENTS, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready():
            if not python.is_file():
                subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            install = ["install", "--quiet", "--requirement", str(REQUIREMENTS)]
            subprocess.run([str(python), "-m", "pip", *install], check=True)
            stamp.write_text(wanted)
    os.execv(str(python), [str(python), *sys.argv])
