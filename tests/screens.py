"""The screens of the served app, as tests in a browser find their way on them."""

from playwright.sync_api import Locator, Page

STILL = """
// Nothing fades: a look read at once is the look that stays.
addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { transition: none !important }";
  document.head.append(style);
});
"""


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
