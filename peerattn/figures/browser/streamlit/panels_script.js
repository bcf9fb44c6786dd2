// Appended to the panels' script: tells panels on the page that the script has arrived.

export default () => {
  globalThis.dispatchEvent(new Event("peerattn-panels-arrived"));
};
