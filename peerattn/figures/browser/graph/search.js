// A search for blocks and connections by parts of their names. Arrow keys move through the matches, Enter pins one.

const MAX_MATCHES = 40; // listed

/** @typedef {GraphItem & { text: string, words: string }} Entry */

class Search {
  /** @type {Entry[]} */ entries;
  /** @type {number} */ active;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.list = element("ul", { id: "peerattn-found", className: "found", hidden: true, role: "listbox", ariaLabel: "matches" });
    this.field = element("input", {
      type: "search", placeholder: "Find a block or connection", ariaLabel: "find a block or connection", role: "combobox", autocomplete: "off",
      ariaExpanded: "false", attributes: { "aria-controls": this.list.id, "aria-autocomplete": "list" },
      oninput: () => this.find(), onfocus: () => this.find(), onblur: () => this.close(), onkeydown: (event) => this.handleKey(event),
    });
    this.element = element("div", { className: "search" }, this.field, this.list);
    /** @type {Entry[]} */
    this.matches = [];
  }

  /** @param {Recording} recording */
  load(recording) {
    /** @type {(kind: GraphItem["kind"], id: string, text: string) => Entry} */
    const entry = (kind, id, text) => ({ kind, id, text, words: text.toLowerCase() });
    this.entries = [
      ...recording.blocks.map(({ id }) => entry("block", id, id)),
      ...recording.connections.map((connection) => entry("connection", connection.id, connectionName(connection))),
    ];
    this.close();
  }

  // Lists the matches: first names that begin with the typed text, then other blocks, then connections.
  find() {
    const typed = this.field.value.trim().toLowerCase();
    this.matches = typed ? findMatches(this.entries, typed) : [];
    const more = this.matches.length - MAX_MATCHES;
    this.matches = this.matches.slice(0, MAX_MATCHES);
    const none = typed && !this.matches.length ? [hintItem("no block or connection with this name")] : [];
    this.list.replaceChildren(...this.matches.map((entry, index) => this.option(entry, index)), ...(more > 0 ? [hintItem(`and ${more} more: type more of the name`)] : none));
    this.list.hidden = !typed;
    this.field.ariaExpanded = String(!this.list.hidden);
    this.activate(this.matches.length ? 0 : -1);
  }

  /** @param {Entry} entry @param {number} index */
  option({ kind, text }, index) {
    return element(
      "li",
      {
        id: `peerattn-found-${index}`, role: "option",
        onpointerdown: (event) => event.preventDefault(), // keeps the focus in the field, so the list stays open
        onclick: () => this.choose(index),
      },
      text, element("span", { className: "quiet" }, kind),
    );
  }

  // Marks a match as the one that Enter pins, and shows it in the graph.
  /** @param {number} index */
  activate(index) {
    this.active = index;
    [...this.list.children].forEach((option, position) => (option.ariaSelected = String(position === index)));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", index < 0 ? "" : `peerattn-found-${index}`);
    const entry = this.matches[index];
    if (entry || this.explorer.hovered) this.explorer.hover(entry ? { kind: entry.kind, id: entry.id } : null);
  }

  /** @param {number} index */
  choose(index) {
    const { kind, id, text } = this.matches[index];
    this.field.value = text;
    this.close();
    this.explorer.pin({ kind, id });
  }

  close() {
    if (!this.list.hidden) this.explorer.hover(null);
    this.list.hidden = true;
    this.field.ariaExpanded = "false";
    this.matches = [];
  }

  // Handles all keys in the field itself, because in a text field Home and Space must not move the clip.
  /** @param {KeyboardEvent} event */
  handleKey(event) {
    event.stopPropagation();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const count = this.matches.length;
    if (step && !count) this.find();
    else if (step) this.activate((this.active + step + count) % count);
    else if (event.key === "Enter" && count) this.choose(this.active);
    else if (event.key === "Escape") {
      this.field.value = "";
      this.close();
    } else return;
    event.preventDefault();
  }
}

/** @type {(text: string) => HTMLLIElement} */
const hintItem = (text) => element("li", { className: "quiet", role: "presentation" }, text);

// Returns the entries that contain each typed word; "a → b", "a->b" and "a > b" match a source and a target.
/** @param {Entry[]} entries @param {string} typed */
function findMatches(entries, typed) {
  const ends = typed.split(/\s*(?:→|-?>)\s*/);
  const words = typed.split(/\s+/);
  /** @type {(entry: Entry) => boolean} */
  const fits =
    ends.length === 2
      ? ({ kind, words: name }) => kind === "connection" && name.split(" → ").every((end, index) => end.includes(ends[index]))
      : ({ words: name }) => words.every((word) => name.includes(word));
  /** @type {(entry: Entry) => number} */
  const rank = ({ kind, words: name }) => (kind === "connection" ? 2 : name.startsWith(typed) ? 0 : 1);
  return entries.filter(fits).sort((first, second) => rank(first) - rank(second));
}
