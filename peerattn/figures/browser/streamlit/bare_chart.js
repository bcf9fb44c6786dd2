// Shows a chart without title and buttons in the component's element, once the panels' script has arrived.

/** @typedef {{ description: string, figure: Figure }} Described */
/** @typedef {HTMLElement & { data: Described, shown?: Described, show?: () => void }} BareRoot */

/** @param {BareRoot} root */
function showChartIn(root) {
  const { data } = root;
  root.ariaLabel = data.description;
  root.style.minHeight = `${data.figure.layout.height}px`; // so that what is below stays where it is
  if (!globalThis.peerattnPanels) return;
  if (root.shown !== data) globalThis.peerattnPanels.showBare(root, data.figure);
  root.shown = data;
}

/** @param {StreamlitComponent<Described>} component */
export default ({ parentElement, data }) => {
  const root = /** @type {BareRoot} */ (parentElement.querySelector(".bare"));
  root.data = data;
  root.show ??= () => showChartIn(root);
  const { show } = root;
  globalThis.addEventListener("peerattn-panels-arrived", show); // adding it again has no effect
  show();
  return () => {
    globalThis.removeEventListener("peerattn-panels-arrived", show);
    globalThis.peerattnPanels?.removeBare(root);
  };
};
