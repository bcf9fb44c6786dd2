// Appended to the explorer's script: tells explorers on the page that the script has arrived.

export default () => {
  globalThis.dispatchEvent(new Event("peerattn-arrived"));
};
