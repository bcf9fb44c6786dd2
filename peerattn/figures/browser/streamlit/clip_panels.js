// Keeps the panels of a clip that Python sent, for the panels on the page.

/** @param {StreamlitComponent<ClipPanels>} component */
export default ({ data }) => {
  (globalThis.peerattnClipPanels ??= new Map()).set(data.key, data);
  globalThis.dispatchEvent(new Event("peerattn-panels-arrived"));
};
