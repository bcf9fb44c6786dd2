// Where the page meets the panels.

// Root → its panels.
/** @type {Map<PanelsRoot, Panels>} */
const mounted = new Map();

globalThis.peerattnPanels = {
  // Shows what Python last said: `recording` (a name), `clip` (panels), `selection` (kind, id, title, panels) or null.
  show(root, data) {
    const panels = mounted.get(root) ?? new Panels(root);
    mounted.set(root, panels);
    panels.show(data);
  },
  of: (root) => mounted.get(root),
  remove(root) {
    mounted.get(root)?.remove();
    mounted.delete(root);
  },
};
