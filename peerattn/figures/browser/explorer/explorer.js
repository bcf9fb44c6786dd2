// The explorer: player, graph, timeline and numbers with one cursor. Python is told about clicks, not about the cursor.

class Explorer {
  /** @type {string} */ name;
  /** @type {string} */ names;
  /** @type {Recording} */ recording;
  /** @type {Player | undefined} */ player;
  /** @type {Graph} */ graph;
  /** @type {Timeline} */ timeline;
  /** @type {Numbers} */ numbers;
  /** @type {ExplorerPart[]} */ parts;
  /** @type {string} */ layout;
  /** @type {string | undefined} */ lastFromPython;
  /** @type {string | undefined} */ startToken;
  /** @type {number | undefined} */ restTimer;

  /** @param {ExplorerRoot} root */
  constructor(root) {
    this.root = root;
    this.scale = 1;
    this.cursor = 0;
    /** @type {number | null} */
    this.previewed = null;
    /** @type {GraphItem | null} */
    this.pinned = this.hovered = null;
    /** @type {string[]} */
    this.sentSelections = [];
    this.settings = { ...this.defaults };
    this.address = new Address(this);
    /** @type {Marks} */
    this.marks = { removed: new Set(), dead: new Set(), starved: new Set(), peerOnly: new Set() };
    this.theme = readTheme(root);
    this.playback = new Playback(this);
    this.presenter = new Presenter(this);
    this.pair = root.latest.data.other ? new Pair(this) : null;
    this.parts = this.makeParts();
    this.pair?.titles.forEach((title, index) => this.parts[index].element.prepend(title));
    const all = [...(this.pair ? [this.pair] : []), ...this.parts];
    this.panels = element("div", { className: this.layout }, ...all.map((part) => part.element));
    this.liveText = element("p", { className: "spoken", attributes: { "aria-live": "polite" } });
    root.replaceChildren(element("style", {}, STYLE), this.panels, this.liveText);
    root.onkeydown = (event) => handleKey(this, event);
  }

  // Creates the parts in reading order, and sets the CSS class of their layout.
  /** @returns {ExplorerPart[]} */
  makeParts() {
    this.player = new Player(this);
    this.graph = new Graph(this);
    this.timeline = new Timeline(this);
    this.numbers = new Numbers(this);
    this.layout = this.pair ? "panels comparing" : "panels";
    return [this.player, ...(this.pair ? [new SecondPlayer(this, this.pair)] : []), this.graph, this.timeline, this.numbers];
  }

  // Subclasses have other words, defaults and columns of the graph's tables.
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

  // The frame that is shown: the one pointed at on the timeline, else the one at the cursor.
  get frame() {
    return this.previewed ?? this.cursor;
  }

  // The key of the connection pointed at or pinned, or null.
  get focusedConnection() {
    return this.focus?.kind === "connection" ? this.focus.id : null;
  }

  get playing() {
    return this.playback.playing;
  }

  // Loads a recording, and a second one to compare with; keeps the frame if the new recording has it.
  /** @param {Recording} recording @param {Recording} [other] */
  load(recording, other) {
    this.pause();
    this.recording?.dispose();
    const first = !this.recording;
    this.recording = recording;
    this.cursor = Math.min(this.cursor, recording.length - 1);
    this.hovered = this.previewed = null;
    if (first) this.restore({ frame: this.openingFrame + 1, ...this.address.read() });
    if (!recording.has(this.pinned)) this.pinned = null;
    if (other) this.pair?.load(other);
    for (const part of this.parts) part.load(recording);
    if (first) this.applySettings();
  }

  // The frame at which the explorer opens, if its address names none: that of the first moment, else the first frame.
  get openingFrame() {
    return this.recording.moments?.[0]?.frame ?? 0;
  }

  // Restores the frame and settings from an address or a saved session; unknown names are ignored.
  /** @param {{ frame?: number, [setting: string]: unknown }} values */
  restore({ frame, ...settings }) {
    if (frame !== undefined) this.cursor = Math.min(Math.max(Math.trunc(frame) - 1 || 0, 0), this.recording.length - 1);
    const known = SETTING_NAMES.filter((name) => typeof settings[name] === typeof SETTINGS[name]);
    Object.assign(this.settings, Object.fromEntries(known.map((name) => [name, settings[name]])));
  }

  applySettings() {
    for (const name of SETTING_NAMES) this.settingChanged(name);
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    this.pair?.settingChanged(name);
    this.presenter.settingChanged(name);
    for (const part of this.parts) part.settingChanged?.(name);
    if (["side", "offset", "colour"].includes(name)) this.comparisonChanged();
  }

  // Redraws after the side shown, or the offset of B, has changed.
  comparisonChanged() {
    if (!this.pair) return;
    this.marks = this.pair.marks();
    this.graph.fit();
    this.refresh();
  }

  // Changes a setting and informs every part.
  /** @template {keyof Settings} Name @param {Name} name @param {Settings[Name]} value */
  changeSetting(name, value) {
    if (this.settings[name] === value) return;
    this.settings[name] = value;
    this.settingChanged(name);
    this.address.write();
  }

  // Applies the data of a run of Python: what is removed and selected and, for a saved session or tour, where to start.
  /** @param {ExplorerData} data */
  receive({ removed, dead, starved, peerOnly, pruned, selected, start, names, leftOut = null }) {
    this.timeline.leftOut.receive(leftOut);
    if (start && start.token !== this.startToken) this.startAt(start);
    if (names) this.pair?.showNames(names);
    this.marks = this.marksToShow({ removed: new Set(removed), dead: new Set(dead), starved: new Set(starved), peerOnly: new Set(peerOnly) });
    this.graph.removedToggle.hidden = !pruned;
    this.receiveSelection(selected);
    this.theme = readTheme(this.root);
    this.root.style.colorScheme = this.theme.dark ? "dark" : "light";
    this.refresh();
  }

  // Returns the marks to show, given those from Python.
  /** @param {Marks} fromPython */
  marksToShow(fromPython) {
    return this.pair ? this.pair.marks() : fromPython;
  }

  // Applies the start of a tour, saved session or report: settings by name, or the `query` of an address.
  /** @param {Start} start */
  startAt({ token, query, ...values }) {
    this.startToken = token;
    if (query !== undefined) Object.assign(this, { cursor: this.openingFrame, settings: { ...this.defaults } });
    this.restore({ ...values, ...parseQuery(query ?? "") });
    this.applySettings();
    this.rest();
  }

  // Takes over the selection from Python, unless it is unchanged or the echo of a click made here.
  /** @param {GraphItem | null} selected */
  receiveSelection(selected) {
    const text = JSON.stringify(selected);
    const echo = this.sentSelections.indexOf(text);
    if (echo >= 0) this.sentSelections.splice(0, echo + 1);
    else if (text !== this.lastFromPython) this.pinned = this.recording.has(selected) ? selected : null;
    this.lastFromPython = text;
  }

  refresh() {
    this.graph.style();
    this.numbers.build();
    this.player?.draw();
    this.timeline.redraw();
    this.graph.showTip(null);
  }

  /** @param {number} frame */
  seek(frame) {
    this.pause();
    this.move(frame);
  }

  /** @param {number} frame */
  move(frame) {
    const before = this.frame;
    const next = Math.min(Math.max(frame, 0), this.recording.length - 1);
    const movedAlone = next !== this.cursor && !this.playing;
    Object.assign(this, { cursor: next, previewed: null });
    if (next !== before) this.draw();
    if (movedAlone) this.rest();
  }

  // Shows another frame without moving the cursor while it is pointed at; null ends the preview.
  /** @param {number | null} frame */
  preview(frame) {
    if (this.playing || frame === this.previewed) return;
    const before = this.frame;
    this.previewed = frame;
    if (this.frame !== before) this.draw();
    else this.timeline.draw();
  }

  draw() {
    for (const part of this.parts) part.draw();
    this.notifyPage("peerattn-moved");
  }

  // Moves to the first frame of the window `change` windows away.
  /** @param {number} change */
  seekWindow(change) {
    const { windows } = this.recording;
    this.seek(windows[Math.min(Math.max(this.recording.window(this.cursor) + change, 0), windows.length - 1)].start);
  }

  // Once the cursor has rested, writes the frame to the address and announces it to screen readers.
  rest() {
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => {
      this.announce();
      this.address.write();
    }, 400);
  }

  // Tells the panels on the page, which find this explorer by the name of its recording.
  /** @param {"peerattn-moved" | "peerattn-pinned"} event */
  notifyPage(event) {
    globalThis.dispatchEvent(new CustomEvent(event, { detail: this }));
  }

  // Describes the frame and the focus to screen readers.
  announce() {
    const { recording, frame, focus } = this;
    const numbers = focus ? this.summary(focus) : this.timeline.valuesText();
    const within = this.isReached(frame, this.focusedConnection) ? `, ${WITHIN}` : "";
    this.liveText.textContent = `${this.moment(frame)}, ${this.words.window} ${recording.window(frame) + 1}${within}: ${numbers}`;
  }

  // Returns the position of a frame as text.
  /** @param {number} frame */
  moment(frame) {
    return `frame ${frame + 1} of ${this.recording.length}`;
  }

  // The recording whose numbers are shown; `shownFrame` is its frame, or NaN if it has none there.
  get shownRecording() {
    return this.pair?.shownRecording ?? this.recording;
  }

  get shownFrame() {
    return this.pair?.side === "B" ? (this.pair.otherFrame(this.frame) ?? NaN) : this.frame;
  }

  // The label of connections that are drawn dotted.
  get removedLabel() {
    return this.pair ? "in one only" : "removed";
  }

  // The array whose values colour the connections: the shift of attention, or "shade".
  get measure() {
    return this.recording.shift && this.settings.colour !== "factor" ? "shift" : "shade";
  }

  // Returns the value of a connection at a frame that gives it its colour, or its difference between two recordings.
  /** @param {string} id @param {number} frame */
  shade(id, frame) {
    const row = this.recording.rows.get(id);
    return this.pair ? this.pair.values(this.measure, row, frame)[this.pair.side] : this.recording.at(this.measure, row, frame);
  }

  // Returns the colour of a connection at a frame: grey in a frame without a value, and the palest where an end of the
  // clip reaches its shift.
  /** @param {string} id @param {number} frame */
  color(id, frame) {
    const value = this.shade(id, frame);
    if (Number.isNaN(value)) return this.theme.quiet;
    if (this.pair?.side === "difference") return this.pair.color(value);
    const { stops, most } = this.colorScale;
    return paletteColor(stops, this.isShiftKnown(id, frame) ? value / most : 0);
  }

  // Whether a colour shows the clip: near its ends, the shift of a connection is mostly that of the padding.
  /** @param {string} id @param {number} frame */
  isShiftKnown(id, frame) {
    if (this.measure !== "shift") return true;
    const otherFrame = this.pair?.side === "B" ? this.pair.otherFrame(frame) : frame;
    const [first, stop] = this.shownRecording.connection(id).shows ?? [0, Infinity];
    return otherFrame !== null && otherFrame !== undefined && first <= otherFrame && otherFrame < stop;
  }

  // The colours of values from 0 to `most`; two recordings that are compared have one scale.
  /** @returns {{ stops: string[], most: number }} */
  get colorScale() {
    const { shift, viridis } = this.recording;
    if (!shift || this.measure === "shade") return { stops: viridis, most: 1 };
    const most = Math.max(shift.most, this.pair?.other.shift?.most ?? 0);
    return { stops: this.theme.dark ? shift.dark : shift.light, most };
  }

  // Returns how far a connection is drawn in front of others: by its shift, while that gives the colours.
  /** @param {string} id @param {number} frame */
  prominence(id, frame) {
    return this.measure === "shift" && this.isShiftKnown(id, frame) ? Math.abs(this.shade(id, frame)) || 0 : 0;
  }

  // Whether a frame of a connection is affected by padding beyond the clip's ends; without an id, of any connection.
  /** @param {number} frame @param {string | null} [id] */
  isReached(frame, id = null) {
    return this.pair ? this.pair.isReached(frame, id) : this.recording.isReached(frame, id);
  }

  // Returns the numbers of a block or connection at the frame as text.
  /** @param {GraphItem} item */
  summary({ kind, id }) {
    const { shownRecording: recording, shownFrame: frame } = this;
    if (kind === "block") return `${id}: activity ${formatNumber(recording.at("activity", recording.blockRows.get(id), frame))}`;
    const connection = recording.connection(id);
    const [shift, factor] = ["shift", "shade"].map((name) => formatNumber(recording.at(name, recording.rows.get(id), frame)));
    return `${connectionName(connection)}: weight ${formatNumber(connection.weight)}, shift ${shift} (usually ${formatNumber(connection.usualShift)}), mean factor ${factor}`;
  }

  /** @param {GraphItem | null} selection @param {Point} [position] */
  hover(selection, position) {
    this.hovered = selection;
    this.graph.style();
    this.numbers.build();
    this.player?.draw();
    this.timeline.redraw();
    this.graph.showTip(selection && this.summary(selection), position, this.focusedConnection && this.isReached(this.frame, this.focusedConnection) ? END_REACHES : "");
  }

  // Pins a block or connection (null: unpins) and tells Python.
  /** @param {GraphItem | null} selection */
  pin(selection) {
    const unchanged = JSON.stringify(selection) === JSON.stringify(this.pinned);
    this.pinned = selection;
    this.hovered = null;
    this.refresh();
    if (unchanged) return;
    this.address.write();
    this.notifyPage("peerattn-pinned");
    this.sentSelections.push(JSON.stringify(selection));
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
    clearTimeout(this.restTimer);
    this.graph.search.close(); // while there is a graph to redraw: its field loses the focus when it is removed
    this.graph.network?.destroy();
    this.recording?.dispose();
    this.pair?.other?.dispose();
  }
}
