// Where the page meets the explorer: an element whose `latest` says what to draw; each has one explorer.

const shown = new Map(); // root → its explorer

globalThis.peerattnExplorer = {
  // Draws what Python last said, once its recording is here; called on every run and when a part arrives.
  show(root) {
    const { data } = root.latest;
    const names = [data.recording, data.other].filter(Boolean);
    let explorer = shown.get(root);
    if (explorer?.names !== names.join(" ")) {
      const bytes = names.map((name) => globalThis.peerattnRecordings?.get(name));
      if (!bytes.every(Boolean)) return;
      if (!explorer) shown.set(root, (explorer = new (data.replay ? Replay : Explorer)(root)));
      Object.assign(explorer, { name: data.recording, names: names.join(" ") });
      explorer.load(...bytes.map((each) => new (data.replay ? LoggedHistory : Recording)(each)));
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
