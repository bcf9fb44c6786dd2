// Keeps the last recordings that Python sent, for the explorers on the page. Python defines DIGEST_LENGTH.

const MOST_RECORDINGS = 4;

/** @param {StreamlitComponent<Uint8Array<ArrayBuffer>>} component */
export default ({ data }) => {
  const recordings = (globalThis.peerattnRecordings ??= new Map());
  const name = new TextDecoder().decode(data.subarray(0, DIGEST_LENGTH));
  const known = recordings.get(name);
  recordings.delete(name); // a recording that is shown again becomes the newest
  recordings.set(name, known ?? data.slice(DIGEST_LENGTH));
  if (known) return;
  const [oldest] = recordings.keys();
  if (recordings.size > MOST_RECORDINGS) recordings.delete(oldest);
  globalThis.dispatchEvent(new Event("peerattn-arrived"));
};
