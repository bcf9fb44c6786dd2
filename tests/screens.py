"""The screens of the served app, as tests in a browser find their way on them."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from playwright.sync_api import Locator, Page

T = TypeVar("T")

STILL = """
// Nothing fades: a look read at once is the look that stays.
addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { transition: none !important }";
  document.head.append(style);
});
"""

AT_REST = """() => {
  // What a running script is about to draw anew, Streamlit shows at a third of its strength.
  const busy = ".details.waiting, [data-stale=true], .stApp[data-test-script-state=running]";
  if (!("stirs" in globalThis)) {
    globalThis.stirs = 0;
    const watch = new MutationObserver(() => { if (document.querySelector(busy)) stirs += 1; });
    const attributeFilter = ["class", "data-stale", "data-test-script-state"];
    watch.observe(document.body, { subtree: true, attributes: true, attributeFilter });
  }
  return new Promise((resolve, reject) => {
    let seen = stirs, still = 0, looks = 0;
    const clock = setInterval(() => {
      still = document.querySelector(busy) || seen !== stirs ? 0 : still + 1;
      seen = stirs;
      if (still === 8) { clearInterval(clock); resolve(stirs); }
      if ((looks += 1) === 1200) { clearInterval(clock); reject(new Error("the page never rests")); }
    }, 50);
  });
}"""
"""JavaScript that waits until nothing was drawn anew for a moment; gives how often something was so far."""


def drawn(page: Page) -> Locator:
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    return page.locator(".explorer")


def choose(root: Locator, kind: str) -> None:
    """Pin the first connection or block of the list."""
    chooser = root.get_by_role("combobox", name="show a block or connection")
    values = chooser.locator("option").evaluate_all("all => all.map(option => option.value)")
    chooser.select_option(next(value for value in values if value.startswith(kind)))


def panel_drawn(page: Page) -> None:
    """Others that were open before may be kept out of sight."""
    shown = page.locator(".details:not(.waiting) :is(.chart[data-drawn], .steps)")
    shown.filter(visible=True).first.wait_for()


def at_rest(page: Page, look: Callable[[], T]) -> T:
    """What `look` sees of a page at rest: what was drawn anew meanwhile is looked at again."""
    for _ in range(5):
        stirs = page.evaluate(AT_REST)
        seen = look()
        if page.evaluate("stirs") == stirs:
            return seen
    pytest.fail("the page was drawn anew during each of five looks")
