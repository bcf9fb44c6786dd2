// The frames the network saw, and over them one overlay or none.

class Player {
  /** @type {Recording} */ recording;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = element("canvas", { tabIndex: 0, className: "screen", attributes: { role: "img" } });
    this.facts = [1, 2, 3].map(() => element("span"));
    this.within = element("span", { hidden: true, title: END_REACHES });
    this.wholly = element("p", { className: "quiet wholly", hidden: true, title: END_REACHES }, ALL_REACHED);
    /** @type {Overlay[]} */
    this.overlays = [new ObjectMap(this), new OpticalFlow(this), new HeatMap(this)];
    this.choices = choices("over the frame", (name) => explorer.change("overlay", name));
    const facts = element("p", { className: "facts" }, ...this.facts, this.within);
    this.element = element("section", { className: "player", ariaLabel: "frame player" }, this.canvas, facts, this.wholly, this.choices, ...this.overlays.map(({ element }) => element));
  }

  // The frame that is shown; none where the clip has none beside the one it is compared with.
  /** @returns {number | null} */
  get frame() {
    return this.explorer.frame;
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    [this.canvas.width, this.canvas.height] = recording.size;
    this.wholly.hidden = !recording.whollyReached;
    this.blank();
    for (const overlay of this.overlays) overlay.load(recording);
    const offered = this.overlays.filter((overlay) => overlay.offered).map(({ name, label }) => /** @type {[string, string]} */ ([name, label]));
    this.choices.offer([["", "none"], ...offered]);
    recording.pictures.decode(this.frame ?? 0, (frame) => this.arrived(frame));
    this.changed("overlay");
  }

  /** @param {number} frame */
  arrived(frame) {
    if (frame === this.frame) this.draw();
  }

  // What lies over the frame, where this clip offers it.
  get overlay() {
    return this.overlays.find(({ name, offered }) => offered && name === this.explorer.settings.overlay);
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (!["overlay", "heat"].includes(name)) return;
    this.choices.show(this.overlay?.name ?? "");
    for (const overlay of this.overlays) overlay.element.hidden = overlay !== this.overlay;
    this.overlay?.decode(this.frame ?? 0, (frame) => this.arrived(frame));
    this.draw();
  }

  // `data-frame` is the frame whose picture the canvas holds, `data-drawn` what else is on it; an older picture is never left standing.
  draw() {
    const { frame, canvas, overlay } = this;
    const drawing = [this.explorer.name, frame, overlay?.name, overlay?.variant].join(" ");
    this.tell(frame);
    overlay?.explain?.();
    if (canvas.dataset.drawn === drawing) return;
    this.blank();
    const picture = frame === null ? null : this.recording.pictures.at(frame);
    if (frame === null || !picture) return;
    const pen = penOf(canvas);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = String(frame);
    if (overlay && !overlay.draw(pen, frame)) return;
    canvas.dataset.drawn = drawing;
  }

  blank() {
    const { canvas } = this;
    penOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
    delete canvas.dataset.frame;
    delete canvas.dataset.drawn;
  }

  /** @param {number | null} frame */
  tell(frame) {
    const { recording } = this;
    const facts = frame === null ? ["no frame beside A's", "", ""] : [
      `frame ${frame + 1} of ${recording.length}`,
      `${number(recording.times[frame])} s`,
      `window ${recording.window(frame) + 1} of ${recording.windows.length}`,
    ];
    facts.forEach((fact, index) => (this.facts[index].textContent = fact));
    if (frame === null) delete this.facts[1].dataset.value;
    else this.facts[1].dataset.value = String(recording.times[frame]);
    const within = frame !== null && recording.reached(frame);
    const said = within && this.wholly.hidden;
    this.within.textContent = said ? WITHIN : "";
    this.within.hidden = !said;
    this.canvas.ariaLabel = [...facts.filter(Boolean), ...(within ? [WITHIN] : [])].join(", ");
  }
}
