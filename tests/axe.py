"""axe-core, the accessibility audit, as npm publishes it; `python -m tests.axe` fetches what is missing."""

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

from playwright.sync_api import Page

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""Of the package's archive, as its registry says it: anything else is refused."""
REGISTRY = os.environ.get("npm_config_registry", "https://registry.npmjs.org/").rstrip("/")
SCRIPT = Path(sys.prefix) / f"axe-core-{VERSION}.js"
HOW = f"axe-core is not here: python -m tests.axe fetches it from {REGISTRY}."


@dataclass(frozen=True)
class Finding:
    """A rule that one element of the page breaks, how bad that is, the element and axe's advice."""

    rule: str
    impact: str
    html: str
    why: str


def fetch() -> None:
    """Write the script into the virtual environment."""
    with urllib.request.urlopen(f"{REGISTRY}/axe-core/-/axe-core-{VERSION}.tgz", timeout=60) as answer:
        archive = answer.read()
    if base64.b64encode(hashlib.sha512(archive).digest()).decode() != SHA512:
        sys.exit(f"axe-core {VERSION} is not what it was: its checksum differs")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        script = files.extractfile("package/axe.min.js")
        assert script is not None
        SCRIPT.write_bytes(script.read())


def findings(page: Page, *, rules: Sequence[str] = ()) -> list[Finding]:
    """What breaks a rule of axe on the page as it stands, whatever its impact; only of `rules`, if any."""
    if not page.evaluate("Boolean(globalThis.axe)"):
        page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        Finding(rule["id"], rule["impact"], node["html"], node["failureSummary"])
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


if __name__ == "__main__" and not SCRIPT.exists():
    try:
        fetch()
    except OSError as error:
        print(f"{HOW} ({error})", file=sys.stderr)
        # Without it the audit is visibly skipped; in continuous integration that is a failure.
        sys.exit(1 if os.environ.get("CI") else 0)
