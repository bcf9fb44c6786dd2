// One cursor for player, graph, timeline and numbers. Python hears of clicks, never of the cursor.

class Explorer {
  /** @type {string} */ name;
  /** @type {string} */ names;
  /** @type {Recording} */ recording;
  /** @type {Player | undefined} */ player;
  /** @type {Graph} */ graph;
  /** @type {Timeline} */ timeline;
  /** @type {Numbers} */ numbers;
  /** @type {Part[]} */ parts;
  /** @type {string} */ layout;
  /** @type {string | undefined} */ heard;
  /** @type {string | undefined} */ started;
  /** @type {number | undefined} */ resting;

  /** @param {ExplorerRoot} root */
  constructor(root) {
    this.root = root;
    this.scale = 1;
    this.cursor = 0;
    /** @type {number | null} */
    this.previewed = null;
    /** @type {Chosen | null} */
    this.pinned = this.hovered = null;
    /** @type {string[]} */
    this.sent = [];
    this.settings = { ...this.defaults };
    this.address = new Address(this);
    /** @type {Marks} */
    this.marks = { removed: new Set(), dead: new Set(), starved: new Set(), peerOnly: new Set() };
    this.theme = readTheme(root);
    this.playback = new Playback(this);
    this.presenter = new Presenter(this);
    this.pair = root.latest.data.other ? new Pair(this) : null;
    this.parts = this.make();
    this.pair?.titles.forEach((title, index) => this.parts[index].element.prepend(title));
    const whole = [...(this.pair ? [this.pair] : []), ...this.parts];
    this.panels = element("div", { className: this.layout }, ...whole.map((part) => part.element));
    this.spoken = element("p", { className: "spoken", attributes: { "aria-live": "polite" } });
    root.replaceChildren(element("style", {}, STYLE), this.panels, this.spoken);
    root.onkeydown = (event) => press(this, event);
  }

  // The parts from top left, and the style sheet's name of how they lie.
  /** @returns {Part[]} */
  make() {
    this.player = new Player(this);
    this.graph = new Graph(this);
    this.timeline = new Timeline(this);
    this.numbers = new Numbers(this);
    this.layout = this.pair ? "panels comparing" : "panels";
    return [this.player, ...(this.pair ? [new SecondPlayer(this, this.pair)] : []), this.graph, this.timeline, this.numbers];
  }

  // What things are called here, what settings start as, the columns of the graph's tables.
  get words() {
    return WORDS;
  }

  get defaults() {
    return SETTINGS;
  }

  get columns() {
    return COLUMNS;
  }

  get focus() {
    return this.hovered ?? this.pinned;
  }

  // The frame that is shown: the one pointed at on the timeline, else the cursor's.
  get frame() {
    return this.previewed ?? this.cursor;
  }

  // The connection pointed at or pinned, by its key; else null.
  get watched() {
    return this.focus?.kind === "connection" ? this.focus.id : null;
  }

  get playing() {
    return this.playback.playing;
  }

  // Another clip or checkpoint, and another to compare it with; the frame stays where it can.
  /** @param {Recording} recording @param {Recording} [other] */
  load(recording, other) {
    this.pause();
    this.recording?.dispose();
    const first = !this.recording;
    this.recording = recording;
    this.cursor = Math.min(this.cursor, recording.length - 1);
    this.hovered = this.previewed = null;
    if (first) this.restore(this.address.read());
    if (!recording.has(this.pinned)) this.pinned = null;
    if (other) this.pair?.load(other);
    for (const part of this.parts) part.load(recording);
    if (first) this.apply();
  }

  // Values by name, as an address or a saved session holds them; unknown ones are left alone.
  /** @param {{ frame?: number, [setting: string]: unknown }} said */
  restore({ frame, ...settings }) {
    if (frame !== undefined) this.cursor = Math.min(Math.max(Math.trunc(frame) - 1 || 0, 0), this.recording.length - 1);
    const known = SETTING_NAMES.filter((name) => typeof settings[name] === typeof SETTINGS[name]);
    Object.assign(this.settings, Object.fromEntries(known.map((name) => [name, settings[name]])));
  }

  apply() {
    for (const name of SETTING_NAMES) this.changed(name);
  }

  /** @param {keyof Settings} name */
  changed(name) {
    this.pair?.changed(name);
    this.presenter.changed(name);
    for (const part of this.parts) part.changed?.(name);
    if (["side", "offset"].includes(name)) this.compare();
  }

  // Another of the two is shown, or another frame beside the cursor's.
  compare() {
    if (!this.pair) return;
    this.marks = this.pair.marks();
    this.graph.fit();
    this.refresh();
  }

  // A visitor's choice of how things are shown; every part is told.
  /** @template {keyof Settings} Name @param {Name} name @param {Settings[Name]} value */
  change(name, value) {
    if (this.settings[name] === value) return;
    this.settings[name] = value;
    this.changed(name);
    this.address.write();
  }

  // What Python says on this run: what is removed, what is selected, and at first or from a session, where to start.
  /** @param {ExplorerData} told */
  receive({ removed, dead, starved, peerOnly, pruned, selected, start, names }) {
    if (start && start.token !== this.started) this.begin(start);
    if (names) this.pair?.name(names);
    this.marks = this.marked({ removed: new Set(removed), dead: new Set(dead), starved: new Set(starved), peerOnly: new Set(peerOnly) });
    this.graph.removedToggle.hidden = !pruned;
    this.hear(selected);
    this.theme = readTheme(this.root);
    this.root.style.colorScheme = this.theme.dark ? "dark" : "light";
    this.refresh();
  }

  // What is removed and dead, of what Python says.
  /** @param {Marks} said */
  marked(said) {
    return this.pair ? this.pair.marks() : said;
  }

  // Where a tour, a saved session or a report starts: settings by name, or the `query` of an address in place of the page's own.
  /** @param {Start} start */
  begin({ token, query, ...said }) {
    this.started = token;
    if (query !== undefined) Object.assign(this, { cursor: 0, settings: { ...this.defaults } });
    this.restore({ ...said, ...addressed(query ?? "") });
    this.apply();
    this.rest();
  }

  // Python's selection counts when it is news: not what was said before, nor the echo of a click made here.
  /** @param {Chosen | null} selected */
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
    this.player?.draw();
    this.timeline.redraw();
    this.graph.point(null);
  }

  /** @param {number} frame */
  seek(frame) {
    this.pause();
    this.move(frame);
  }

  /** @param {number} frame */
  move(frame) {
    const shown = this.frame;
    const next = Math.min(Math.max(frame, 0), this.recording.length - 1);
    const rests = next !== this.cursor && !this.playing;
    Object.assign(this, { cursor: next, previewed: null });
    if (next !== shown) this.draw();
    if (rests) this.rest();
  }

  // Everything shows another frame for as long as it is pointed at (null: no longer); the cursor stays.
  /** @param {number | null} frame */
  preview(frame) {
    if (this.playing || frame === this.previewed) return;
    const shown = this.frame;
    this.previewed = frame;
    if (this.frame !== shown) this.draw();
    else this.timeline.draw();
  }

  draw() {
    for (const part of this.parts) part.draw();
    this.tell("peerattn-moved");
  }

  // To the first frame of a window before or after this one.
  /** @param {number} change */
  seekWindow(change) {
    const { windows } = this.recording;
    this.seek(windows[Math.min(Math.max(this.recording.window(this.cursor) + change, 0), windows.length - 1)].start);
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
  /** @param {"peerattn-moved" | "peerattn-pinned"} event */
  tell(event) {
    globalThis.dispatchEvent(new CustomEvent(event, { detail: this }));
  }

  // The text twin of the picture, for screen readers: once the cursor rests.
  speak() {
    const { recording, frame, focus } = this;
    const about = focus ? this.summary(focus) : this.timeline.said();
    const within = this.reached(frame, this.watched) ? `, ${WITHIN}` : "";
    this.spoken.textContent = `${this.moment(frame)}, ${this.words.window} ${recording.window(frame) + 1}${within}: ${about}`;
  }

  // Where a frame is, in words.
  /** @param {number} frame */
  moment(frame) {
    return `frame ${frame + 1} of ${this.recording.length}`;
  }

  // The recording whose numbers are listed, and its frame; without one, NaN.
  get shown() {
    return this.pair?.shown ?? this.recording;
  }

  get shownFrame() {
    return this.pair?.side === "B" ? (this.pair.frame(this.frame) ?? NaN) : this.frame;
  }

  // What is said of a connection that is drawn dotted.
  get removed() {
    return this.pair ? "no counterpart" : "removed";
  }

  // The mean attention factor of a connection at a frame, or how it differs; and the colour of that.
  /** @param {string} id @param {number} frame */
  shade(id, frame) {
    const row = this.recording.rows.get(id);
    return this.pair ? this.pair.values("shade", row, frame)[this.pair.side] : this.recording.at("shade", row, frame);
  }

  /** @param {string} id @param {number} frame */
  color(id, frame) {
    return this.pair ? this.pair.color(this.shade(id, frame)) : this.recording.color(id, frame);
  }

  // Whether an end of the clip reaches a frame: of a connection, else of any.
  /** @param {number} frame @param {string | null} [id] */
  reached(frame, id = null) {
    return this.pair ? this.pair.reached(frame, id) : this.recording.reached(frame, id);
  }

  /** @param {Chosen} chosen */
  summary({ kind, id }) {
    const { shown: recording, shownFrame: frame } = this;
    if (kind === "block") return `${id}: activity ${number(recording.at("activity", recording.blockRows.get(id), frame))}`;
    const connection = recording.connection(id);
    const factor = number(recording.at("shade", recording.rows.get(id), frame));
    return `${arrow(connection)}: weight ${number(connection.weight)}, factor ${factor}`;
  }

  /** @param {Chosen | null} selection @param {Point} [place] */
  hover(selection, place) {
    this.hovered = selection;
    this.graph.style();
    this.numbers.build();
    this.player?.draw();
    this.timeline.redraw();
    this.graph.point(selection && this.summary(selection), place, this.watched && this.reached(this.frame, this.watched) ? END_REACHES : "");
  }

  // Keeps a block or connection in view (null: none) and tells Python.
  /** @param {Chosen | null} selection */
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
    this.playback.toggle();
  }

  pause() {
    this.playback.pause();
  }

  remove() {
    this.pause();
    clearTimeout(this.resting);
    this.graph.network?.destroy();
    this.recording?.dispose();
    this.pair?.other?.dispose();
  }
}
