// One cursor for player, graph, timeline and numbers. Python hears of clicks, never of the cursor.

// What a visitor can set, and how it starts; the address names what differs.
const SETTINGS = { speed: 1, fit: false };

class Explorer {
  constructor(root) {
    Object.assign(this, { root, frame: 0, pinned: null, hovered: null, playing: false, sent: [] });
    this.settings = { ...SETTINGS };
    this.address = new Address(this);
    this.marks = { removed: new Set(), dead: new Set(), starved: new Set(), peerOnly: new Set() };
    this.theme = readTheme(root);
    this.player = new Player(this);
    this.graph = new Graph(this);
    this.timeline = new Timeline(this);
    this.numbers = new Numbers(this);
    this.parts = [this.player, this.graph, this.timeline, this.numbers];
    this.spoken = element("p", { className: "spoken", attributes: { "aria-live": "polite" } });
    root.replaceChildren(element("style", {}, STYLE), element("div", { className: "panels" }, ...this.parts.map((part) => part.element)), this.spoken);
    root.onkeydown = (event) => this.key(event);
  }

  get focus() {
    return this.hovered ?? this.pinned;
  }

  // Another clip or checkpoint; the frame stays where it can.
  load(recording) {
    this.pause();
    this.recording?.dispose();
    const first = !this.recording;
    this.recording = recording;
    this.frame = Math.min(this.frame, recording.length - 1);
    this.hovered = null;
    if (first) this.restore(this.address.read());
    if (!recording.has(this.pinned)) this.pinned = null;
    for (const part of this.parts) part.load(recording);
    if (first) this.apply();
  }

  // Values by name, as an address or a saved session holds them; unknown ones are left alone.
  restore({ frame, ...settings }) {
    if (frame !== undefined) this.frame = Math.min(Math.max(Math.trunc(frame) - 1 || 0, 0), this.recording.length - 1);
    for (const [name, value] of Object.entries(settings)) if (typeof value === typeof SETTINGS[name]) this.settings[name] = value;
  }

  apply() {
    for (const part of this.parts) for (const name of Object.keys(SETTINGS)) part.changed?.(name);
  }

  // A visitor's choice of how things are shown; every part is told.
  change(name, value) {
    if (this.settings[name] === value) return;
    this.settings[name] = value;
    for (const part of this.parts) part.changed?.(name);
    this.address.write();
  }

  // What Python says on this run: what is removed, what is selected, and at first or from a session, where to start.
  receive({ removed, dead, starved, peerOnly, pruned, selected, start }) {
    if (start && start.token !== this.started) {
      this.started = start.token;
      this.restore(start);
      this.apply();
    }
    const sets = Object.entries({ removed, dead, starved, peerOnly }).map(([name, ids]) => [name, new Set(ids)]);
    this.marks = Object.fromEntries(sets);
    this.graph.removedToggle.hidden = !pruned;
    this.hear(selected);
    this.theme = readTheme(this.root);
    this.root.style.colorScheme = this.theme.dark ? "dark" : "light";
    this.refresh();
  }

  // Python's selection counts when it is news: not what was said before, nor the echo of a click made here.
  hear(selected) {
    const said = JSON.stringify(selected);
    const echo = this.sent.indexOf(said);
    if (echo >= 0) this.sent.splice(0, echo + 1);
    else if (said !== this.heard) this.pinned = this.recording.has(selected) ? selected : null;
    this.heard = said;
  }

  refresh() {
    this.graph.style();
    this.numbers.build();
    this.player.draw();
    this.timeline.draw();
    this.graph.point(null);
  }

  seek(frame) {
    this.pause();
    this.move(frame);
  }

  move(frame) {
    const next = Math.min(Math.max(frame, 0), this.recording.length - 1);
    if (next === this.frame) return;
    this.frame = next;
    for (const part of this.parts) part.draw();
    this.tell("peerattn-moved");
    if (!this.playing) this.rest();
  }

  // The cursor rests: the address names the frame, and it is said aloud.
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.speak();
      this.address.write();
    }, 400);
  }

  // Panels elsewhere on the page follow; they find this explorer by the name of its recording.
  tell(event) {
    globalThis.dispatchEvent(new CustomEvent(event, { detail: this }));
  }

  // The text twin of the picture, for screen readers: once the cursor rests.
  speak() {
    const { recording, frame, focus } = this;
    const about = focus ? this.summary(focus) : recording.lines.map((name, row) => `${name} ${number(recording.at("lines", row, frame))}`).join(", ");
    this.spoken.textContent = `frame ${frame + 1} of ${recording.length}, window ${recording.window(frame) + 1}: ${about}`;
  }

  summary({ kind, id }) {
    const { recording, frame } = this;
    if (kind === "block") return `${id}: activity ${number(recording.at("activity", recording.blockRows.get(id), frame))}`;
    const connection = recording.connection(id);
    const factor = number(recording.at("shade", recording.rows.get(id), frame));
    return `${arrow(connection)}: weight ${number(connection.weight)}, factor ${factor}`;
  }

  hover(selection, place) {
    this.hovered = selection;
    this.graph.style();
    this.numbers.build();
    this.timeline.draw();
    this.graph.point(selection && this.summary(selection), place);
  }

  // Keeps a block or connection in view (null: none) and tells Python.
  pin(selection) {
    const known = JSON.stringify(selection) === JSON.stringify(this.pinned);
    this.pinned = selection;
    this.hovered = null;
    this.refresh();
    if (known) return;
    this.address.write();
    this.tell("peerattn-pinned");
    this.sent.push(JSON.stringify(selection));
    this.root.latest.setStateValue("selected", selection);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.recording.length === 1) return;
    if (this.frame === this.recording.length - 1) this.move(0);
    this.playing = true;
    relabel(this.timeline.playButton, "pause", "pause");
    this.start();
  }

  // From here on, clip time = its time now + speed × the time that passes.
  start() {
    const { times, end } = this.recording;
    const [began, from] = [performance.now(), times[this.frame]];
    const tick = (now) => {
      if (!this.playing) return;
      const time = from + ((now - began) / 1000) * this.settings.speed;
      let frame = this.frame;
      while (frame + 1 < times.length && times[frame + 1] <= time) frame += 1;
      this.move(frame);
      if (time >= end) return this.pause();
      this.ticking = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(this.ticking);
    this.ticking = requestAnimationFrame(tick);
  }

  pause() {
    if (this.playing) this.rest();
    this.playing = false;
    cancelAnimationFrame(this.ticking);
    relabel(this.timeline.playButton, "play", "play");
  }

  key(event) {
    const typing = event.composedPath()[0].tagName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey;
    const pressing = event.composedPath()[0].matches("button, input[type=checkbox]") && event.key === " ";
    const moves = { ArrowLeft: this.frame - 1, ArrowRight: this.frame + 1, Home: 0, End: Infinity };
    if (typing || pressing) return;
    if (event.key in moves) this.seek(moves[event.key]);
    else if (event.key === " ") this.toggle();
    else if (event.key === "Escape") this.pin(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  remove() {
    this.pause();
    clearTimeout(this.resting);
    this.graph.network?.destroy();
    this.recording?.dispose();
  }
}

const shown = new Map(); // root → its explorer

globalThis.peerattnExplorer = {
  // Draws what Python last said, once its recording is here; called on every run and when a part arrives.
  show(root) {
    const { data } = root.latest;
    const bytes = globalThis.peerattnRecordings?.get(data.recording);
    let explorer = shown.get(root);
    if (explorer?.name !== data.recording) {
      if (!bytes) return;
      if (!explorer) shown.set(root, (explorer = new Explorer(root)));
      explorer.name = data.recording;
      explorer.load(new Recording(bytes));
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
