// The keyboard shortcuts, and the list of them that "?" opens.

/** @type {{ keys: string[], shown: string, does: string, act: (explorer: Explorer) => void }[]} */
const KEYS = [
  { keys: [" "], shown: "Space", does: "play, pause", act: (explorer) => explorer.toggle() },
  { keys: ["ArrowLeft"], shown: "←", does: "previous frame", act: (explorer) => explorer.seek(explorer.cursor - 1) },
  { keys: ["ArrowRight"], shown: "→", does: "next frame", act: (explorer) => explorer.seek(explorer.cursor + 1) },
  { keys: ["Home"], shown: "Home", does: "first frame", act: (explorer) => explorer.seek(0) },
  { keys: ["End"], shown: "End", does: "last frame", act: (explorer) => explorer.seek(Infinity) },
  { keys: ["PageUp"], shown: "Page Up", does: "previous window", act: (explorer) => explorer.seekWindow(-1) },
  { keys: ["PageDown"], shown: "Page Down", does: "next window", act: (explorer) => explorer.seekWindow(1) },
  { keys: ["["], shown: "[", does: "loop from here", act: ({ playback, cursor }) => playback.loopFrom(cursor) },
  { keys: ["]"], shown: "]", does: "loop to here", act: ({ playback, cursor }) => playback.loopTo(cursor) },
  { keys: ["n"], shown: "n", does: "next moment", act: ({ timeline }) => timeline.moments.jump(1) },
  { keys: ["p"], shown: "p", does: "previous moment", act: ({ timeline }) => timeline.moments.jump(-1) },
  { keys: ["f"], shown: "f", does: "presenter mode", act: (explorer) => explorer.presenter.toggle() },
  { keys: ["Escape"], shown: "Esc", does: "leave presenter mode, or unpin", act: leave },
  { keys: ["?"], shown: "?", does: "show this list", act: (explorer) => explorer.timeline.transport.help.toggle() },
];
const POINTER = [
  ["point at the timeline", "preview that frame"],
  ["click or drag on the timeline", "go to that frame"],
  ["drag with Shift", "loop these frames"],
];

/** @param {Explorer} explorer */
function leave(explorer) {
  if (explorer.settings.present) explorer.presenter.toggle();
  else explorer.pin(null);
}

// Handles a key pressed inside the explorer, unless the focused element uses the key itself.
/** @param {Explorer} explorer @param {KeyboardEvent} event */
function handleKey(explorer, event) {
  const focused = /** @type {Element} */ (event.composedPath()[0]);
  const key = KEYS.find(({ keys }) => keys.includes(event.key));
  const typing = focused.matches("select, textarea, input:not([type=range], [type=checkbox])");
  const activating = event.key === " " && focused.matches("button, summary, a, input[type=checkbox]");
  const closing = event.key === "Escape" && explorer.timeline.transport.help.open;
  if (!key || typing || activating || closing || event.ctrlKey || event.metaKey || event.altKey) return;
  key.act(explorer);
  event.preventDefault();
  event.stopPropagation();
}

class KeyHelp {
  // The words for a frame and a window depend on the recording.
  /** @param {Words} words */
  constructor({ frame, window }) {
    /** @param {Node | string} key @param {string} does */
    const row = (key, does) => [element("dt", {}, key), element("dd", {}, does.replace("frame", frame).replace("window", window))];
    this.list = element(
      "div",
      { className: "keys", popover: "auto", tabIndex: -1, attributes: { role: "dialog", "aria-label": "keys" } },
      element("h3", {}, "Keys"),
      element("dl", {}, ...KEYS.flatMap(({ shown, does }) => row(element("kbd", {}, shown), does))),
      element("h3", {}, "Pointer"),
      element("dl", {}, ...POINTER.flatMap(([action, does]) => row(action, does))),
    );
    this.button = element("button", { type: "button", className: "icon", title: "keys (?)", ariaLabel: "keys" }, "?");
    this.button.popoverTargetElement = this.list;
    this.parts = [this.button, this.list];
  }

  get open() {
    return this.list.matches(":popover-open");
  }

  toggle() {
    this.list.togglePopover();
  }
}
