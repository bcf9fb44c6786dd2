// The explorers on the page, by the element that each one fills; `latest` of the element contains the data from Python.

// Element → its explorer.
/** @type {Map<ExplorerRoot, Explorer>} */
const explorers = new Map();

globalThis.peerattnExplorer = {
  // Shows the latest data once its recordings have arrived; called after each run of Python and when anything arrives.
  show(root) {
    const { data } = root.latest;
    const names = [data.recording, data.other].filter((name) => name != null);
    let explorer = explorers.get(root);
    if (explorer?.names !== names.join(" ")) {
      const bytes = names.map((name) => globalThis.peerattnRecordings?.get(name)).filter((recordingBytes) => recordingBytes !== undefined);
      if (bytes.length < names.length) return;
      explorer ??= data.replay ? new Replay(root) : new Explorer(root);
      explorers.set(root, explorer);
      Object.assign(explorer, { name: data.recording, names: names.join(" ") });
      const [recording, other] = bytes.map((recordingBytes) => (data.replay ? new LoggedHistory(recordingBytes) : new Recording(recordingBytes)));
      explorer.load(recording, other);
    }
    explorer.receive(data);
  },
  of: (root) => explorers.get(root),
  // Returns the explorer that shows the recording of this name, if any.
  named: (name) => [...explorers.values()].find((explorer) => explorer.name === name),
  remove(root) {
    explorers.get(root)?.remove();
    explorers.delete(root);
  },
};
