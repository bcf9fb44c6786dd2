// The address of the page contains the frame, selection and settings, so that a copied address shows the same view.
// It is rewritten without running Python; parameters of others are left unchanged.

class Address {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.shareable = location.origin !== "null"; // a page opened from a file has no address to share
  }

  read() {
    return this.shareable ? parseQuery(location.search) : {};
  }

  write() {
    const { cursor, settings, pinned, defaults } = this.explorer;
    if (!this.shareable) return;
    const params = new URLSearchParams(location.search);
    const values = { ...settings, frame: cursor + 1, pin: pinned ? `${pinned.kind} ${pinned.id}` : "" };
    /** @type {Record<string, unknown>} */
    const initial = { ...defaults, frame: this.explorer.openingFrame + 1, pin: "" };
    for (const [name, value] of Object.entries(values)) {
      if (value === initial[name]) params.delete(name);
      else params.set(name, String(value));
    }
    const text = params.toString();
    history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
  }
}

// Parses the frame (counted from 1) and the settings in the query of an address.
/** @param {string} query @returns {{ frame?: number, [setting: string]: unknown }} */
function parseQuery(query) {
  const params = new URLSearchParams(query);
  /** @type {ReturnType<typeof parseQuery>} */
  const parsed = params.has("frame") ? { frame: Number(params.get("frame")) } : {};
  for (const [name, initial] of Object.entries(SETTINGS)) {
    const text = params.get(name);
    if (text !== null) parsed[name] = typeof initial === "string" ? text : parseValue(text);
  }
  return parsed;
}

// Parses a number or boolean; returns null for any other text.
/** @param {string} text */
function parseValue(text) {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
