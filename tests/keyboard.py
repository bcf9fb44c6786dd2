"""Walk through a page by keyboard: Tab from stop to stop, each of which must show that it has the focus."""

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
// The element, its descendants and its surroundings: a hidden input shows its focus on its label.
const around = (element) => {
  const parts = [element, ...[...element.querySelectorAll("*")].slice(0, 12)];
  for (let each = element.parentElement, up = 0; each && up < 4; each = each.parentElement, up += 1) {
    parts.push(each, ...each.children);
  }
  return parts;
};
// Stores how this stop looks; returns the previous one if it looks the same now that it has lost the focus.
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
"""The number of stops after which an element counts as unreachable."""


class Keyboard:
    """Presses keys on a page; `unseen` collects the stops that did not show their focus."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []
        page.add_init_script(STILL + WATCH)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab(self, *, back: bool = False) -> None:
        """Move to the next stop, or to the previous one."""
        self.press("Shift+Tab" if back else "Tab")
        if unseen := self.page.evaluate("stop()"):
            self.unseen.append(unseen)

    def reach(self, wanted: Locator, *, back: bool = False) -> None:
        """Move from stop to stop until the focus is on one of the elements."""
        for _ in range(MOST):
            if self.is_on(wanted):
                return
            self.tab(back=back)
        raise AssertionError(f"{wanted} cannot be reached by keyboard")

    def leave(self, root: Locator) -> None:
        """Move from stop to stop until the focus has left the element; fails if it is trapped there."""
        inside = "root => root.contains(focused())"
        for _ in range(MOST):
            if not root.evaluate(inside):
                return
            self.tab()
        raise AssertionError(f"the focus is trapped in {root}")

    def is_on(self, wanted: Locator) -> bool:
        return wanted.evaluate_all("all => all.includes(focused())")
