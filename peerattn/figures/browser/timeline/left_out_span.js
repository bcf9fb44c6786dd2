// The stretch of the clip in which a part of the network is left out: the visitor drags it as a loop and confirms it here.

const HOW_TO_CHOOSE = "to leave it out for a while only, drag over the frames with Shift, or set a loop";

class LeftOutSpan {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    /** @type {ExplorerData["leftOut"]} */
    this.leftOut = null;
    this.text = element("span", { className: "quiet" });
    this.here = element("button", { type: "button", onclick: () => this.send(this.loop) }, "leave it out only in the loop");
    this.always = element("button", { type: "button", onclick: () => this.send(null) }, "leave it out all the time");
    this.element = element("div", { className: "left-out", role: "group", ariaLabel: "when it is left out", hidden: true }, this.text, this.here, this.always);
  }

  // Takes over from Python whether a part is left out, and in which frames.
  /** @param {ExplorerData["leftOut"]} leftOut */
  receive(leftOut) {
    this.leftOut = leftOut;
    this.show();
  }

  // The frames of the loop, or null.
  /** @returns {FrameRange | null} */
  get loop() {
    const { loop } = this.explorer.playback;
    return loop && [loop[0], loop[1] + 1];
  }

  // The frames in which the part is left out, if these are not all.
  /** @returns {FrameRange | null} */
  get frames() {
    return this.leftOut?.frames ?? null;
  }

  show() {
    const { frames, loop } = this;
    this.element.hidden = !this.leftOut;
    this.text.textContent = frames ? `left out in frames ${frames[0] + 1} to ${frames[1]}` : loop ? "" : HOW_TO_CHOOSE;
    this.here.hidden = !loop || String(loop) === String(frames);
    this.always.hidden = !frames;
  }

  /** @param {FrameRange | null} frames */
  send(frames) {
    this.explorer.root.latest.setTriggerValue("span", frames ?? []);
  }
}
