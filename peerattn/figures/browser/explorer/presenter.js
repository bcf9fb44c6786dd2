// Presenter mode, for a projector: frames, graph and lines alone, over the whole screen, with larger words.

const LARGER = 1.5; // graph and lines in presenter mode

class Presenter {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.button = iconButton("screen", "presenter mode (p)", () => this.toggle());
    this.button.ariaPressed = "false";
    explorer.root.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement) explorer.change("present", false);
    });
  }

  toggle() {
    const { root, settings } = this.explorer;
    const present = !settings.present;
    this.explorer.change("present", present);
    if (present) root.requestFullscreen?.().catch(() => {}); // where it is not allowed, the window will do
    else if (document.fullscreenElement) document.exitFullscreen();
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (name !== "present") return;
    const { root, settings } = this.explorer;
    root.classList.toggle("presenting", settings.present);
    this.button.ariaPressed = String(settings.present);
    this.button.title = this.button.ariaLabel = settings.present ? "leave presenter mode (p)" : "presenter mode (p)";
    this.explorer.scale = settings.present ? LARGER : 1;
    this.explorer.graph.fit();
    this.explorer.timeline.resize();
  }
}
