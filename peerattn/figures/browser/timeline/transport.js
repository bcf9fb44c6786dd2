// The buttons that move the cursor (play, step, speed, loop), presenter mode, and the list of keys.

const SPEEDS = [0.25, 0.5, 1, 2, 4];

class Transport {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    const { playback } = explorer;
    const { frame } = explorer.words;
    /** @type {(change: number) => () => void} */
    const step = (change) => () => explorer.seek(explorer.cursor + change);
    this.play = iconButton("play", "play", () => explorer.toggle());
    this.speed = element(
      "select",
      { ariaLabel: "speed", onchange: () => explorer.changeSetting("speed", Number(this.speed.value)) },
      ...SPEEDS.map((speed) => element("option", { value: String(speed), selected: speed === 1 }, `${speed}×`)),
    );
    this.loop = element("span", { className: "quiet" });
    this.clear = iconButton("clear", "clear the loop", () => (playback.loop = null));
    this.help = new KeyHelp(explorer.words);
    this.element = element(
      "div",
      { className: "transport" },
      iconButton("first", `first ${frame}`, () => explorer.seek(0)),
      iconButton("back", `previous ${frame}`, step(-1)),
      this.play,
      iconButton("forward", `next ${frame}`, step(1)),
      iconButton("last", `last ${frame}`, () => explorer.seek(Infinity)),
      this.speed,
      element("span", { className: "loop", ariaLabel: "loop", role: "group" },
        iconButton("from", "loop from here", () => playback.loopFrom(explorer.cursor)),
        iconButton("to", "loop to here", () => playback.loopTo(explorer.cursor)),
        this.loop,
        this.clear,
      ),
      element("span", { className: "aside" }, explorer.presenter.button, ...this.help.parts),
    );
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    const { settings, playback } = this.explorer;
    if (name === "speed" && !SPEEDS.includes(settings.speed)) settings.speed = 1; // an address can contain any value
    if (name === "speed") this.speed.value = String(settings.speed);
    if (name === "loop") this.showLoop(playback.loop);
  }

  /** @param {FrameRange | null} loop */
  showLoop(loop) {
    this.clear.hidden = !loop;
    this.loop.textContent = loop ? `loops ${loop[0] + 1} to ${loop[1] + 1}` : "";
  }

  /** @param {boolean} playing */
  showPlaying(playing) {
    const name = playing ? "pause" : "play";
    relabel(this.play, name, name);
  }
}
