// The page's address: frame, selection and settings, so that a copied address shows the same again.
// It is rewritten in place and runs no Python; what it does not know stays as it is.

class Address {
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
    for (const [name, value] of Object.entries(said)) {
      if (value === (defaults[name] ?? { frame: 1, pin: "" }[name])) params.delete(name);
      else params.set(name, value);
    }
    const text = params.toString();
    history.replaceState(history.state, "", text ? `?${text}` : location.pathname);
  }
}

// Name → value of what an address's query says; the frame counts from 1.
function addressed(query) {
  const params = new URLSearchParams(query);
  const said = params.has("frame") ? { frame: Number(params.get("frame")) } : {};
  for (const [name, start] of Object.entries(SETTINGS)) {
    if (params.has(name)) said[name] = typeof start === "string" ? params.get(name) : plainValue(params.get(name));
  }
  return said;
}

// A number or a truth value; anything else counts as not said.
function plainValue(text) {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
