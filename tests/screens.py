"""Find elements of the served app's screens, and wait for them, in browser tests."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from playwright.sync_api import Locator, Page

T = TypeVar("T")

STILL = """
// Without transitions, the style of an element is final as soon as it is read.
addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { transition: none !important }";
  document.head.append(style);
});
"""

AT_REST = """() => {
  // Streamlit shows elements that a running script will redraw at a third of their opacity.
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
"""JavaScript that waits until nothing has been redrawn for a moment; returns the number of redraws so far."""


def wait_until_drawn(page: Page) -> Locator:
    """Wait until the explorer shows a frame; returns its root element."""
    page.locator("canvas.screen[data-drawn]").first.wait_for()
    return page.locator(".explorer")


def choose(root: Locator, kind: str) -> None:
    """Pin the first entry of the list that starts with `kind` (\"connection\" or \"block\")."""
    chooser = root.get_by_role("combobox", name="show a block or connection")
    values = chooser.locator("option").evaluate_all("all => all.map(option => option.value)")
    chooser.select_option(next(value for value in values if value.startswith(kind)))


def choose_option(page: Page, name: str, option: str, typed: str = "") -> None:
    """Open a select box once the page rests, since scrolling would close its list again; choose an option."""
    box = page.get_by_role("combobox", name=name)
    box.scroll_into_view_if_needed()
    page.evaluate(AT_REST)
    box.click()
    page.keyboard.type(typed)
    page.get_by_role("option", name=option).click()


def wait_for_panel(page: Page) -> None:
    """Wait until the visible panel is drawn; panels that were open before may exist but be hidden."""
    shown = page.locator(".details:not(.waiting) :is(.chart[data-drawn], .steps)")
    shown.filter(visible=True).first.wait_for()


def look_at_rest(page: Page, look: Callable[[], T]) -> T:
    """Return the result of `look` on a page at rest; looks again if the page was redrawn meanwhile."""
    for _ in range(5):
        stirs = page.evaluate(AT_REST)
        seen = look()
        if page.evaluate("stirs") == stirs:
            return seen
    pytest.fail("the page was redrawn during each of five looks")
