// The page's address: frame, selection and settings, so that a copied address shows the same again.
// It is rewritten in place and runs no Python; what it does not know stays as it is.

class Address {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.kept = location.origin !== "null"; // a page opened from a file has none to share
  }

  read() {
    return this.kept ? addressed(location.search) : {};
  }

  write() {
    const { cursor, settings, pinned, defaults } = this.explorer;
    if (!this.kept) return;
    const params = new URLSearchParams(location.search);
    const said = { ...settings, frame: cursor + 1, pin: pinned ? `${pinned.kind} ${pinned.id}` : "" };
    /** @type {Record<string, unknown>} */
    const starts = { ...defaults, frame: 1, pin: "" };
    for (const [name, value] of Object.entries(said)) {
      if (value === starts[name]) params.delete(name);
      else params.set(name, String(value));
    }
    const text = params.toString();
    history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
  }
}

// Name → value of what an address's query says; the frame counts from 1.
/** @param {string} query @returns {{ frame?: number, [setting: string]: unknown }} */
function addressed(query) {
  const params = new URLSearchParams(query);
  /** @type {ReturnType<typeof addressed>} */
  const said = params.has("frame") ? { frame: Number(params.get("frame")) } : {};
  for (const [name, start] of Object.entries(SETTINGS)) {
    const text = params.get(name);
    if (text !== null) said[name] = typeof start === "string" ? text : plainValue(text);
  }
  return said;
}

// A number or a truth value; anything else counts as not said.
/** @param {string} text */
function plainValue(text) {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
