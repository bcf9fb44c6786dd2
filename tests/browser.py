"""Find Chromium for the tests; `python -m tests.browser` installs one if none is found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The headless shell is first: it is the same engine without a window, and takes a third less CPU time."""
INSTALL_HINT = "No Chromium found: put one on the PATH (Debian, Ubuntu: sudo apt-get install chromium)."


def find_chromium() -> Path | None:
    """The browser on the PATH, otherwise the one that Playwright installed, otherwise None."""
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    if on_path:
        return Path(on_path)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def install_chromium() -> None:
    """Install Debian's package if possible, otherwise Playwright's (without system libraries)."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        for package in NAMES[:2]:
            packages = [package, "fonts-liberation"]  # minimal machines have no fonts
            install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
            if subprocess.run(install, check=False, stdout=subprocess.DEVNULL).returncode == 0:
                return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if not find_chromium():
        install_chromium()
    if not find_chromium():
        print(INSTALL_HINT, file=sys.stderr)
        # Without a browser its tests are reported as skipped; in continuous integration this is a failure.
        sys.exit(1 if os.environ.get("CI") else 0)
