// Plays a clip at its own frame times × speed, once, or its loop repeatedly.

class Playback {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.playing = false;
    this.ticking = 0;
  }

  // First and last frame of the loop, or null; the setting counts frames from 1, e.g. "3-17".
  /** @returns {[first: number, last: number] | null} */
  get loop() {
    const [first, last] = (/^\d+-\d+$/.exec(this.explorer.settings.loop)?.[0].split("-") ?? []).map((text) => Number(text) - 1);
    return first >= 0 && first < last && last < this.explorer.recording.length ? [first, last] : null;
  }

  // Sets the loop from two frames in either order; null or a single frame removes it.
  /** @param {number[] | null} frames */
  set loop(frames) {
    const [first, last] = (frames ?? []).map((frame) => Math.min(Math.max(frame, 0), this.explorer.recording.length - 1)).sort((a, b) => a - b);
    this.explorer.changeSetting("loop", first < last ? `${first + 1}-${last + 1}` : "");
  }

  get span() {
    return this.loop ?? [0, this.explorer.recording.length - 1];
  }

  // Starts (or ends) the loop at a frame; if the other end lies on the wrong side, it moves to that end of the clip.
  /** @param {number} first */
  loopFrom(first) {
    const last = this.span[1];
    this.loop = [first, last > first ? last : Infinity];
  }

  /** @param {number} last */
  loopTo(last) {
    const first = this.span[0];
    this.loop = [first < last ? first : 0, last];
  }

  toggle() {
    const { explorer } = this;
    if (this.playing) {
      this.pause();
      return;
    }
    if (explorer.recording.length === 1) return;
    if (explorer.cursor === this.span[1]) explorer.move(this.span[0]);
    this.setPlaying(true);
    this.start();
  }

  // From now on, clip time = current clip time + speed × elapsed time.
  start() {
    const { explorer } = this;
    const { times, end } = explorer.recording;
    const [first, last] = this.span;
    if (explorer.cursor < first || explorer.cursor > last) explorer.move(first);
    const [startedAt, startTime] = [performance.now(), times[explorer.cursor]];
    /** @param {number} now */
    const tick = (now) => {
      if (!this.playing) return;
      const time = startTime + ((now - startedAt) / 1000) * explorer.settings.speed;
      let frame = explorer.cursor;
      while (frame < last && times[frame + 1] <= time) frame += 1;
      explorer.move(frame);
      if (time >= (times[last + 1] ?? end)) this.finish(first);
      else this.ticking = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(this.ticking);
    this.ticking = requestAnimationFrame(tick);
  }

  /** @param {number} first */
  finish(first) {
    if (!this.loop) {
      this.pause();
      return;
    }
    this.explorer.move(first);
    this.start();
  }

  pause() {
    cancelAnimationFrame(this.ticking);
    if (!this.playing) return;
    this.setPlaying(false);
    this.explorer.rest();
  }

  /** @param {boolean} playing */
  setPlaying(playing) {
    this.playing = playing;
    this.explorer.timeline.transport.showPlaying(playing);
  }

  // Continues from the cursor after the speed or the loop has changed.
  restart() {
    if (this.playing) this.start();
  }
}
