// Shows an explorer in the component's element, once its script and its recording have arrived.

/** @param {StreamlitComponent<ExplorerData>} component */
export default (component) => {
  const root = /** @type {ExplorerRoot & { show?: () => void }} */ (component.parentElement.querySelector(".explorer"));
  root.latest = component;
  root.show ??= () => globalThis.peerattnExplorer?.show(root);
  const { show } = root;
  globalThis.addEventListener("peerattn-arrived", show); // adding it again has no effect
  show();
  return () => {
    globalThis.removeEventListener("peerattn-arrived", show);
    globalThis.peerattnExplorer?.remove(root);
  };
};
