// Where the page meets the explorer: an element whose `latest` says what to draw; each has one explorer.

// Root → its explorer.
/** @type {Map<ExplorerRoot, Explorer>} */
const shown = new Map();

globalThis.peerattnExplorer = {
  // Draws what Python last said, once its recording is here; called on every run and when a part arrives.
  show(root) {
    const { data } = root.latest;
    const names = [data.recording, data.other].filter((name) => name != null);
    let explorer = shown.get(root);
    if (explorer?.names !== names.join(" ")) {
      const bytes = names.map((name) => globalThis.peerattnRecordings?.get(name)).filter((each) => each !== undefined);
      if (bytes.length < names.length) return;
      explorer ??= data.replay ? new Replay(root) : new Explorer(root);
      shown.set(root, explorer);
      Object.assign(explorer, { name: data.recording, names: names.join(" ") });
      const [recording, other] = bytes.map((each) => (data.replay ? new LoggedHistory(each) : new Recording(each)));
      explorer.load(recording, other);
    }
    explorer.receive(data);
  },
  of: (root) => shown.get(root),
  // The explorer that shows the recording of this name, if one does.
  named: (name) => [...shown.values()].find((explorer) => explorer.name === name),
  remove(root) {
    shown.get(root)?.remove();
    shown.delete(root);
  },
};
