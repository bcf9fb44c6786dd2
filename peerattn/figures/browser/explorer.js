// One cursor for player, graph, timeline and numbers. Python hears of clicks, never of the cursor.

class Explorer {
  constructor(root) {
    Object.assign(this, { root, frame: 0, speed: 1, pinned: null, hovered: null, playing: false, sent: [] });
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
    this.recording = recording;
    this.frame = Math.min(this.frame, recording.length - 1);
    this.hovered = null;
    if (!recording.has(this.pinned)) this.pinned = null;
    for (const part of this.parts) part.load(recording);
  }

  // What Python says on this run: what is removed and what is selected.
  receive({ removed, dead, starved, peerOnly, pruned, selected }) {
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
    clearTimeout(this.speaking);
    if (!this.playing) this.speaking = setTimeout(() => this.speak(), 400);
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
      const time = from + ((now - began) / 1000) * this.speed;
      let frame = this.frame;
      while (frame + 1 < times.length && times[frame + 1] <= time) frame += 1;
      this.move(frame);
      if (time >= end) return this.pause();
      this.ticking = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(this.ticking);
    this.ticking = requestAnimationFrame(tick);
  }

  setSpeed(speed) {
    this.speed = speed;
    if (this.playing) this.start();
  }

  pause() {
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
    this.graph.network?.destroy();
    this.recording?.dispose();
  }
}

const explorers = new WeakMap();

globalThis.peerattnExplorer = {
  // Draws what Python last said, once its recording is here; called on every run and when a part arrives.
  show(root) {
    const { data } = root.latest;
    const bytes = globalThis.peerattnRecordings?.get(data.recording);
    let explorer = explorers.get(root);
    if (explorer?.name !== data.recording) {
      if (!bytes) return;
      if (!explorer) explorers.set(root, (explorer = new Explorer(root)));
      explorer.name = data.recording;
      explorer.load(new Recording(bytes));
    }
    explorer.receive(data);
  },
  of: (root) => explorers.get(root),
  remove(root) {
    explorers.get(root)?.remove();
    explorers.delete(root);
  },
};
