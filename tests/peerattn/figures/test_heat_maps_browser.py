"""A heat map that is compared with what is usual: clear where the clip adds no more than others do."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from peerattn.figures.recording import pack_recording
from peerattn.traces.usual import summarise
from tests.peerattn.figures.test_level_graph import ask, pin
from tests.shades import viridis
from tests.standalone_explorer import open_explorer
from tests.traces import images, trace

pytestmark = pytest.mark.browser
TRACE = trace()
USUAL = summarise([TRACE, trace(seed=5), trace(seed=6)], of="clips of noise")
OPACITY = 0.55
"""Of the whole overlay."""


@pytest.fixture
def root(page: Page) -> Locator:
    root = open_explorer(page, TRACE, packed=pack_recording(TRACE, images(), usual=USUAL))
    pin(root, "block", "top")
    root.get_by_role("radio", name="heat map").check()
    return root


def pixels(root: Locator) -> np.ndarray:
    """The middle of each of the 4 × 4 positions of the map on the frame, RGB."""
    return np.array(
        root.locator("canvas.screen").evaluate(
            """canvas => [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => {
                const [x, y] = [(column + 0.5) * canvas.width / 4, (row + 0.5) * canvas.height / 4];
                return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
            }))"""
        )
    )


def test_only_what_is_unusual_covers_the_frame(root):
    shares = USUAL.heatmaps["top"].share_below(TRACE.block("top").added)
    for frame in (0, 9):
        ask(root, "explorer.seek(given)", frame)
        expect(root.locator("canvas.screen")).to_have_attribute(
            "data-drawn", re.compile(f" {frame} heat top unusual$")
        )
        level = np.rint(255 * np.clip(2 * shares[frame] - 1, 0, 1))
        cover = OPACITY * np.minimum(level / 85, 1)[..., None]
        colors = np.array([[viridis(each / 255) for each in row] for row in level])
        expected = (1 - cover) * frame * 12 + cover * colors
        assert np.abs(pixels(root) - expected).max() <= 3
        assert (level == 0).any() and (level > 0).any()


def test_the_map_itself_is_shown_on_request_and_in_the_address(page, root):
    said = root.locator(".player .quiet", has_text="block top")
    expect(said).to_have_text(
        "what this clip adds to block top at each position, against 3 clips: the share of their frames with "
        "less there"
    )
    root.get_by_role("checkbox", name="as it is").check()
    expect(said).to_have_text("mean absolute output of block top at each position")
    expect(root.locator("canvas.screen")).to_have_attribute("data-drawn", re.compile(" 0 heat top$"))
    page.wait_for_url("**rawHeat=true**")


def test_without_usual_values_there_is_only_the_map_itself(page):
    root = open_explorer(page, TRACE)
    root.get_by_role("radio", name="heat map").check()
    expect(root.get_by_role("checkbox", name="as it is")).to_have_count(0)
