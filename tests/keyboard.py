"""Walking a page by keys alone: Tab from stop to stop, each of which must show that it has the focus."""

from playwright.sync_api import Locator, Page

from tests.screens import STILL

WATCH = """
globalThis.focused = () => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
};
const looks = (element) => {
  const { outline, outlineStyle, boxShadow, borderColor, backgroundColor } = getComputedStyle(element);
  return [outlineStyle === "none" ? "" : outline, boxShadow, borderColor, backgroundColor].join(" ");
};
// The element, what is in it and what is around it: a hidden input shows its focus on its label.
const around = (element) => {
  const parts = [element, ...[...element.querySelectorAll("*")].slice(0, 12)];
  for (let each = element.parentElement, up = 0; each && up < 4; each = each.parentElement, up += 1) {
    parts.push(each, ...each.children);
  }
  return parts;
};
// Remembers how this stop looks; returns the last one, if it looks the same now that the focus is gone.
globalThis.stop = () => {
  const { last } = globalThis;
  const active = focused();
  const same = () => last.parts.every((part, index) => looks(part) === last.looks[index]);
  const unseen = last?.active.isConnected && last.active !== active && same();
  const parts = active === document.body ? null : around(active);
  globalThis.last = parts && { active, parts, looks: parts.map(looks) };
  return unseen ? last.active.outerHTML.slice(0, 200) : null;
};
"""
MOST = 150
"""Stops after which something counts as out of reach."""


class Keyboard:
    """A page's keys; `unseen` collects the stops that did not show their focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []
        page.add_init_script(STILL + WATCH)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab(self, *, back: bool = False) -> None:
        """To the next stop, or the one before."""
        self.press("Shift+Tab" if back else "Tab")
        if unseen := self.page.evaluate("stop()"):
            self.unseen.append(unseen)

    def reach(self, wanted: Locator, *, back: bool = False) -> None:
        """From stop to stop until the focus is on the element, or on one of them."""
        for _ in range(MOST):
            if self.is_on(wanted):
                return
            self.tab(back=back)
        raise AssertionError(f"{wanted} is out of the keyboard's reach")

    def leave(self, root: Locator) -> None:
        """From stop to stop until the focus is elsewhere in the page: it is trapped nowhere."""
        inside = "root => root.contains(focused())"
        for _ in range(MOST):
            if not root.evaluate(inside):
                return
            self.tab()
        raise AssertionError(f"the focus is trapped in {root}")

    def is_on(self, wanted: Locator) -> bool:
        return wanted.evaluate_all("all => all.includes(focused())")
