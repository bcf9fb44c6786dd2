// The frames that the network saw, with at most one overlay.

class Player {
  /** @type {Recording} */ recording;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = element("canvas", { tabIndex: 0, className: "screen", attributes: { role: "img" } });
    this.facts = [1, 2, 3].map(() => element("span"));
    this.withinReach = element("span", { hidden: true, title: END_REACHES });
    this.allReached = element("p", { className: "quiet wholly", hidden: true, title: END_REACHES }, ALL_REACHED);
    /** @type {Overlay[]} */
    this.overlays = [new ObjectMap(this), new OpticalFlow(this), new Skeleton(this), new HeatMap(this)];
    this.choices = radioGroup("Overlay", (name) => explorer.changeSetting("overlay", name));
    const heading = element("p", { className: "quiet overlay-heading", ariaHidden: "true" }, "Overlay"); // the group of buttons has the same name
    const facts = element("p", { className: "facts" }, ...this.facts, this.withinReach);
    this.element = element("section", { className: "player", ariaLabel: "frame player" }, this.canvas, facts, this.allReached, heading, this.choices, ...this.overlays.map(({ element }) => element));
  }

  // The frame that is shown; null where a compared clip has no frame at the cursor.
  /** @returns {number | null} */
  get frame() {
    return this.explorer.frame;
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    [this.canvas.width, this.canvas.height] = recording.size;
    this.allReached.hidden = !recording.everyFrameIsReached;
    this.clear();
    for (const overlay of this.overlays) overlay.load(recording);
    const available = this.overlays.filter((overlay) => overlay.available).map(({ name, label }) => /** @type {[string, string]} */ ([name, label]));
    this.choices.setOptions([["", "none"], ...available]);
    recording.frameImages.decode(this.frame ?? 0, (frame) => this.frameDecoded(frame));
    this.settingChanged("overlay");
  }

  /** @param {number} frame */
  frameDecoded(frame) {
    if (frame === this.frame) this.draw();
  }

  // The chosen overlay, if this clip has it.
  get overlay() {
    return this.overlays.find(({ name, available }) => available && name === this.explorer.settings.overlay);
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (!["overlay", "heat", "rawHeat"].includes(name)) return;
    this.choices.select(this.overlay?.name ?? "");
    for (const overlay of this.overlays) overlay.element.hidden = overlay !== this.overlay;
    this.overlay?.decode(this.frame ?? 0, (frame) => this.frameDecoded(frame));
    this.draw();
  }

  // Draws the frame if it is decoded, else clears the canvas. `data-frame` is the frame on the canvas, `data-drawn` the
  // recording, frame and overlay once all of it is drawn.
  draw() {
    const { frame, canvas, overlay } = this;
    const drawing = [this.explorer.name, frame, overlay?.name, overlay?.variant].join(" ");
    this.showFacts(frame);
    overlay?.updateLegend?.();
    if (canvas.dataset.drawn === drawing) return;
    this.clear();
    if (frame !== null && this.drawFrame(frame)) canvas.dataset.drawn = drawing;
  }

  // Draws a frame and its overlay; returns false if an image of them is not decoded yet.
  /** @param {number} frame */
  drawFrame(frame) {
    const { canvas, overlay } = this;
    const image = this.recording.frameImages.at(frame);
    if (!image) return false;
    const pen = penOf(canvas);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = String(frame);
    return !overlay || overlay.draw(pen, frame);
  }

  clear() {
    const { canvas } = this;
    penOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
    delete canvas.dataset.frame;
    delete canvas.dataset.drawn;
  }

  /** @param {number | null} frame */
  showFacts(frame) {
    const { recording } = this;
    const facts = frame === null ? ["no matching frame", "", ""] : [
      `frame ${frame + 1} of ${recording.length}`,
      `${formatNumber(recording.times[frame])} s`,
      `window ${recording.window(frame) + 1} of ${recording.windows.length}`,
    ];
    facts.forEach((fact, index) => (this.facts[index].textContent = fact));
    if (frame === null) delete this.facts[1].dataset.value;
    else this.facts[1].dataset.value = String(recording.times[frame]);
    const within = frame !== null && recording.isReached(frame);
    const showNote = within && this.allReached.hidden;
    this.withinReach.textContent = showNote ? WITHIN : "";
    this.withinReach.hidden = !showNote;
    this.canvas.ariaLabel = [...facts.filter(Boolean), ...(within ? [WITHIN] : [])].join(", ");
  }
}
