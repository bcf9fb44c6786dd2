// Finds blocks and connections by part of a name: arrows walk through what is found, Enter pins it.

const MOST_FOUND = 40;

/** @typedef {Chosen & { text: string, words: string }} Entry */

class Search {
  /** @type {Entry[]} */ entries;
  /** @type {number} */ active;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.list = element("ul", { id: "peerattn-found", className: "found", hidden: true, role: "listbox", ariaLabel: "found" });
    this.field = element("input", {
      type: "search", placeholder: "find a block, a → b", ariaLabel: "find a block or connection", role: "combobox", autocomplete: "off",
      ariaExpanded: "false", attributes: { "aria-controls": this.list.id, "aria-autocomplete": "list" },
      oninput: () => this.find(), onfocus: () => this.find(), onblur: () => this.close(), onkeydown: (event) => this.key(event),
    });
    this.element = element("div", { className: "search" }, this.field, this.list);
    /** @type {Entry[]} */
    this.found = [];
  }

  /** @param {Recording} recording */
  load(recording) {
    /** @type {(kind: Chosen["kind"], id: string, text: string) => Entry} */
    const entry = (kind, id, text) => ({ kind, id, text, words: text.toLowerCase() });
    this.entries = [
      ...recording.blocks.map(({ id }) => entry("block", id, id)),
      ...recording.connections.map((connection) => entry("connection", connection.id, arrow(connection))),
    ];
    this.close();
  }

  // Names that begin with what is typed, then other blocks, then connections.
  find() {
    const typed = this.field.value.trim().toLowerCase();
    this.found = typed ? matches(this.entries, typed) : [];
    const more = this.found.length - MOST_FOUND;
    this.found = this.found.slice(0, MOST_FOUND);
    const none = typed && !this.found.length ? [note("nothing has this name")] : [];
    this.list.replaceChildren(...this.found.map((entry, place) => this.option(entry, place)), ...(more > 0 ? [note(`and ${more} more: type on`)] : none));
    this.list.hidden = !typed;
    this.field.ariaExpanded = String(!this.list.hidden);
    this.activate(this.found.length ? 0 : -1);
  }

  /** @param {Entry} entry @param {number} place */
  option({ kind, text }, place) {
    return element(
      "li",
      {
        id: `peerattn-found-${place}`, role: "option",
        onpointerdown: (event) => event.preventDefault(), // the field keeps the focus, and the list stays
        onclick: () => this.choose(place),
      },
      text, element("span", { className: "quiet" }, kind),
    );
  }

  // The match that Enter would pin shows in the graph already.
  /** @param {number} place */
  activate(place) {
    this.active = place;
    [...this.list.children].forEach((option, index) => (option.ariaSelected = String(index === place)));
    this.list.children[place]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", place < 0 ? "" : `peerattn-found-${place}`);
    const entry = this.found[place];
    if (entry || this.explorer.hovered) this.explorer.hover(entry ? { kind: entry.kind, id: entry.id } : null);
  }

  /** @param {number} place */
  choose(place) {
    const { kind, id, text } = this.found[place];
    this.field.value = text;
    this.close();
    this.explorer.pin({ kind, id });
  }

  close() {
    if (!this.list.hidden) this.explorer.hover(null);
    this.list.hidden = true;
    this.field.ariaExpanded = "false";
    this.found = [];
  }

  // All keys stay here: in a text, Home and Space are not the clip's.
  /** @param {KeyboardEvent} event */
  key(event) {
    event.stopPropagation();
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const count = this.found.length;
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
const note = (text) => element("li", { className: "quiet", role: "presentation" }, text);

// Each word must occur; "a → b", "a->b" and "a > b" want a source and a target.
/** @param {Entry[]} entries @param {string} typed */
function matches(entries, typed) {
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
