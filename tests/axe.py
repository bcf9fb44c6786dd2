"""axe-core, the accessibility checker from npm; `python -m tests.axe` downloads it if it is missing."""

import base64
import hashlib
import io
import os
import sys
import tarfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""The checksum of the package's archive according to the registry; any other archive is rejected."""
REGISTRY = os.environ.get("npm_config_registry", "https://registry.npmjs.org/").rstrip("/")
SCRIPT = Path(sys.prefix) / f"axe-core-{VERSION}.js"
INSTALL_HINT = f"axe-core is missing: python -m tests.axe downloads it from {REGISTRY}."


@dataclass(frozen=True)
class Finding:
    """A rule that an element of the page violates, with its impact, the element and axe's advice."""

    rule: str
    impact: str
    html: str
    why: str


def fetch() -> None:
    """Download the script into the virtual environment."""
    with urllib.request.urlopen(f"{REGISTRY}/axe-core/-/axe-core-{VERSION}.tgz", timeout=60) as answer:
        archive = answer.read()
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        sys.exit(f"axe-core {VERSION}: the checksum of the download is wrong")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        script = files.extractfile("package/axe.min.js")
        assert script is not None
        SCRIPT.write_bytes(script.read())


def findings(page: Page, *, within: Locator | None = None, rules: Sequence[str] = ()) -> list[Finding]:
    """All violations on the page, or in some parts of it, of any impact; only of `rules`, if given."""
    if not page.evaluate("Boolean(globalThis.axe)"):
        page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    run = "async (include, options) => (await axe.run({ include }, options)).violations"
    violations = (within or page.locator("html")).evaluate_all(run, options)
    return [
        Finding(rule["id"], rule["impact"], node["html"], node["failureSummary"])
        for rule in violations
        for node in rule["nodes"]
    ]


if __name__ == "__main__" and not SCRIPT.exists():
    try:
        fetch()
    except OSError as error:
        print(f"{INSTALL_HINT} ({error})", file=sys.stderr)
        # Without it the accessibility tests are reported as skipped; in continuous integration this is a
        # failure.
        sys.exit(1 if os.environ.get("CI") else 0)
