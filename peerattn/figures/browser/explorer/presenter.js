// Presenter mode, for projectors: only frames, graph and lines, in full screen with larger text.

const PRESENTING_SCALE = 1.5; // of graph and lines

class Presenter {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.button = iconButton("screen", "presenter mode (f)", () => this.toggle());
    this.button.ariaPressed = "false";
    explorer.root.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement) explorer.changeSetting("present", false);
    });
  }

  toggle() {
    const { root, settings } = this.explorer;
    const present = !settings.present;
    this.explorer.changeSetting("present", present);
    this.explorer.timeline.slider.focus({ preventScroll: true }); // so that Space plays instead of pressing the button
    if (present) root.requestFullscreen?.().catch(() => {}); // if full screen is not allowed, it fills the window
    else if (document.fullscreenElement) document.exitFullscreen();
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (name !== "present") return;
    const { root, settings } = this.explorer;
    root.classList.toggle("presenting", settings.present);
    this.button.ariaPressed = String(settings.present);
    this.button.title = this.button.ariaLabel = settings.present ? "leave presenter mode (f)" : "presenter mode (f)";
    this.explorer.scale = settings.present ? PRESENTING_SCALE : 1;
    this.explorer.graph.fit();
    this.explorer.timeline.resize();
  }
}
