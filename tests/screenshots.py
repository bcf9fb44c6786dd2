"""Take pictures of every screen: `python -m tests.screenshots FOLDER [STATE …]`.

Each state of a screen is captured in full height, wide (1400 px, light theme) and narrow (390 px, dark
theme). Without a STATE all are captured; `explore` selects every state whose name starts with it. `--film`
instead captures the animation of the README, a sample that plays in Explore with a connection pinned, as
FOLDER/explore.webp.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app.opening.files import SAMPLES, samples
from tests.browser import INSTALL_HINT, find_chromium
from tests.conftest import CHROMIUM_FLAGS, PATIENCE
from tests.screens import AT_REST, choose, wait_until_drawn
from tests.serving import GET_EXPLORER, PAINTED, served

LOOKS: Mapping[str, tuple[int, int, Literal["light", "dark"]]] = {
    "wide": (1400, 900, "light"),
    "narrow": (390, 844, "dark"),
}
"""Look → width and initial height in pixels, and the theme."""
HEIGHT = """() => Math.ceil(Math.max(...[...document.querySelectorAll("[data-testid=stMain]")].map(
    (main) => main.scrollHeight)))"""


def _nothing(page: Page) -> None:
    """Leave the screen as it opens."""


@dataclass(frozen=True)
class State:
    """The address of a screen, and what to do before capturing it; `{clips}` stands for labelled samples."""

    address: str
    prepare: Callable[[Page], None] = _nothing


def _pinned(page: Page) -> None:
    choose(wait_until_drawn(page), "connection")


def _mattered(page: Page) -> None:
    """Pin a connection and open the panel of when it mattered."""
    choose(wait_until_drawn(page), "connection object1_to_top")
    page.get_by_role("tab", name="When it mattered").click()


def _each_left_out(page: Page) -> None:
    wait_until_drawn(page)
    page.get_by_role("tab", name="Without each connection").click()


def _measured(button: str, then: str) -> Callable[[Page], None]:
    """Press a button and wait for the result of the measurement, which may already be on the page."""

    def prepare(page: Page) -> None:
        start, result = page.get_by_role("button", name=button), page.get_by_text(then).first
        start.or_(result).first.wait_for()
        if not result.is_visible():
            start.click()
        result.wait_for()

    return prepare


def _effects_drawn(page: Page) -> None:
    """Wait for the results that ship with the app."""
    page.get_by_text("One of them in detail").wait_for()
    page.locator("[data-drawn]").first.wait_for()


def _shares_drawn(page: Page) -> None:
    _measured("Measure the effect of all connections", "One of them in detail")(page)
    page.get_by_role("radio", name="delivered share").or_(
        page.get_by_role("button", name="delivered share")
    ).first.click()
    page.get_by_text("Effect and share").wait_for()


def _opened_from_effect(page: Page) -> None:
    """Open the first clip whose answer changed."""
    page.get_by_role("button", name="clip 1 ·").or_(page.get_by_role("button", name="clip 2 ·")).first.click()
    page.get_by_text("is left out in frame").wait_for()
    wait_until_drawn(page)


def _attention_drawn(page: Page) -> None:
    page.get_by_text("Trained with other attention").wait_for()
    page.locator("[data-drawn]").first.wait_for()


def _answered(page: Page) -> None:
    page.get_by_role("radio").first.check(force=True)
    page.get_by_test_id("stAlert").first.wait_for()


STATES: Mapping[str, State] = {
    "explore": State("/?checkpoint=actionworld"),
    "explore-pinned": State("/?checkpoint=actionworld", _pinned),
    "explore-without": State("/?checkpoint=actionworld&without=rgb2+%E2%86%92+a4", _mattered),
    "explore-without-peer": State(
        "/?checkpoint=actionworld&without=peer+flow1+of+object1+%E2%86%92+top&without=rgb9", _pinned
    ),
    "explore-each-left-out": State("/?checkpoint=actionworld", _each_left_out),
    "explore-actions14": State("/?checkpoint=actions14"),
    "explore-actions21": State("/?checkpoint=actions21"),  # a generated clip: none of its classes
    "prune": State("/prune?checkpoint=actionworld&threshold=0.35"),
    "prune-measured": State(
        "/prune?checkpoint=actionworld&threshold=0.35",
        _measured("Measure the accuracy at every threshold", "Difference, in points"),
    ),
    "compare": State("/compare?checkpoint=actionworld"),
    "effect": State("/effect?checkpoint=actionworld", _effects_drawn),
    "effect-connections": State(
        "/effect?checkpoint=actionworld&of=connections&how=removed&count=48",
        _measured("Measure the effect of all connections", "One of them in detail"),
    ),
    "effect-pairs": State(
        "/effect?checkpoint=actionworld&of=modalities&how=another+clip%27s&count=48",
        _measured("Measure pairs of modalities", "Pairs (CSV)"),
    ),
    "effect-pairs-connections": State(
        "/effect?checkpoint=actionworld&of=connections&how=removed&count=96",
        _measured("Measure pairs of connections", "Pairs (CSV)"),
    ),
    "effect-shares": State("/effect?checkpoint=actionworld&of=connections&how=removed", _shares_drawn),
    "effect-actions21": State("/effect?checkpoint=actions21&of=connections&how=removed", _effects_drawn),
    "effect-attention": State("/effect?checkpoint=actionworld&of=all+attention+factors", _attention_drawn),
    "effect-opened": State("/effect?checkpoint=actionworld&of=connections&how=removed", _opened_from_effect),
    "effect-curve": State(
        "/effect?checkpoint=actionworld&curve-modality=object&count=48",
        _measured("Measure with fewer connections", "Connections kept (CSV)"),
    ),
    "data": State("/data"),
    "data-folder": State("/data?checkpoint=actionworld&data={clips}"),
    "data-measured": State(
        "/data?checkpoint=actionworld&data={clips}",
        _measured("Measure the accuracy", "Mean per-class accuracy"),
    ),
    "replay": State("/replay?checkpoint=actionworld"),
    "structures": State("/structures"),
    "structures-health": State(
        "/structures?structure=actionworld-self (checkpoint)",
        _measured("Examine on 192 generated clips", "192 clips"),
    ),
    "tour": State("/tour"),
    "tour-answered": State("/tour?step=7", _answered),
}


def write_samples(folder: Path) -> Path:
    """Copy the samples into a folder of labelled clips."""
    for sample in samples():
        if sample.label:
            place = folder / sample.label
            place.mkdir(parents=True, exist_ok=True)
            for suffix in (".mp4", ".npz"):
                shutil.copy((SAMPLES / sample.name).with_suffix(suffix), place)
    return folder


def take(browser: Browser, url: str, folder: Path, names: Sequence[str], clips: Path) -> None:
    """Capture every look of these states as FOLDER/STATE-LOOK.png."""
    for look, (width, height, theme) in LOOKS.items():
        for name in names:
            state = STATES[name]
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(url + state.address.format(clips=clips))
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            state.prepare(page)
            page.evaluate(AT_REST)
            page.set_viewport_size({"width": width, "height": max(page.evaluate(HEIGHT), height)})
            page.evaluate(AT_REST)
            page.screenshot(path=folder / f"{name}-{look}.png")
            context.close()
            print(folder / f"{name}-{look}.png", flush=True)


BAR = 64
"""The height of the app's navigation, in px."""


def film(browser: Browser, url: str, path: Path) -> None:
    """Capture Explore while a sample plays, one picture per frame, at the speed of the clip."""
    page_height = 1130
    page = browser.new_page(viewport={"width": 1280, "height": page_height})
    page.set_default_timeout(PATIENCE)
    page.goto(url + "/?checkpoint=actionworld")
    root = wait_until_drawn(page)
    page.evaluate(AT_REST)
    scroll = "(root, bar) => { root.style.scrollMarginTop = `${bar}px`; root.scrollIntoView(); }"
    root.evaluate(scroll, BAR + 12)
    box = root.bounding_box()
    assert box
    top = max(box["y"] - 12, BAR)
    clip = {"x": box["x"] - 12, "y": top, "width": box["width"] + 24, "height": page_height - top}
    count = root.evaluate(f"root => ({GET_EXPLORER})(root).recording.length")
    pictures = []
    for number in range(count):
        root.evaluate(f"(root, number) => ({GET_EXPLORER})(root).seek(number)", number)
        page.evaluate(PAINTED)
        pictures.append(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=125, loop=0, quality=60, method=6
    )
    print(path, f"{path.stat().st_size / 2**20:.1f} MiB")


def select_states(prefixes: Sequence[str]) -> list[str]:
    """The states whose names start with one of these prefixes; all states without prefixes."""
    return [name for name in STATES if not prefixes or any(map(name.startswith, prefixes))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", metavar="STATE", help=", ".join(STATES))
    parser.add_argument("--film", action="store_true", help="capture the animation of the README")
    options = parser.parse_args()
    if not (names := select_states(options.states)):
        parser.error(f"there is no such state: choose among {', '.join(STATES)}")
    if not (executable := find_chromium()):
        sys.exit(INSTALL_HINT)
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as other, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        with served("app/main.py", Path(other)) as url:
            if options.film:
                film(browser, url, options.folder / "explore.webp")
            else:
                take(browser, url, options.folder, names, write_samples(Path(other) / "clips"))
        browser.close()


if __name__ == "__main__":
    main()
