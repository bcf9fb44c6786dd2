// Shows panels in the component's element, once their script and the panels of the clip have arrived.

/** @typedef {{ key: string, recording: string | null, selection: PanelsData["selection"], panels?: Panel[] }} SelectionPanels */
/** @typedef {PanelsRoot & { data: SelectionPanels, shown?: SelectionPanels, show?: () => void }} Root */

/** @param {Root} root */
function showIn(root) {
  const { data } = root;
  const clip = data.panels ? data : globalThis.peerattnClipPanels?.get(data.key);
  if (!globalThis.peerattnPanels || !clip?.panels || clip.recording !== data.recording) return;
  if (root.shown !== data) globalThis.peerattnPanels.show(root, { ...data, clip: clip.panels });
  root.shown = data;
}

/** @param {StreamlitComponent<SelectionPanels>} component */
export default ({ parentElement, data, setTriggerValue }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".details"));
  root.data = data;
  root.pick = (cell) => setTriggerValue("picked", cell);
  root.show ??= () => showIn(root);
  const { show } = root;
  globalThis.addEventListener("peerattn-panels-arrived", show); // adding it again has no effect
  show();
  return () => {
    globalThis.removeEventListener("peerattn-panels-arrived", show);
    globalThis.peerattnPanels?.remove(root);
  };
};
