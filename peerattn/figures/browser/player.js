// The frames the network saw, with the object map over them.

class Player {
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = element("canvas", { tabIndex: 0, className: "screen", attributes: { role: "img" } });
    this.facts = element("p", { className: "facts" });
    this.legend = element("ul", { className: "legend" });
    this.overlay = checkbox("object map", false, (checked) => {
      this.overlaid = checked;
      this.legend.hidden = !checked;
      this.draw();
    });
    this.legend.hidden = true;
    this.element = element("section", { className: "player", ariaLabel: "frame player" }, this.canvas, this.facts, this.overlay, this.legend);
  }

  load(recording) {
    this.recording = recording;
    [this.canvas.width, this.canvas.height] = recording.size;
    delete this.canvas.dataset.drawn;
    this.overlay.hidden = !recording.objectMaps.length;
    this.legend.replaceChildren(
      ...recording.objects.map(([, name, color]) => element("li", {}, swatch(color), name)),
    );
    for (const image of [...recording.pictures, ...recording.objectMaps]) image.onload = () => this.draw();
  }

  draw() {
    const { recording, canvas } = this;
    const { frame } = this.explorer;
    const picture = recording.pictures[frame];
    this.tell(frame);
    if (!picture.complete || canvas.dataset.drawn === this.drawing(frame)) return;
    const pen = canvas.getContext("2d");
    pen.globalAlpha = 1;
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = frame;
    const map = this.overlaid && recording.objectMaps[frame];
    if (map && !map.complete) return;
    if (map) {
      pen.globalAlpha = 0.55;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(this.colored(map), 0, 0, canvas.width, canvas.height);
      pen.imageSmoothingEnabled = true;
    }
    canvas.dataset.drawn = this.drawing(frame);
  }

  // Grey levels are class ids (0: no object); each class gets its colour.
  colored(map) {
    const layer = element("canvas", { width: map.naturalWidth, height: map.naturalHeight });
    const pen = layer.getContext("2d");
    pen.drawImage(map, 0, 0);
    const image = pen.getImageData(0, 0, layer.width, layer.height);
    const colors = new Map(this.recording.objects.map(([id, , color]) => [id, [...channels(color), 255]]));
    for (let place = 0; place < image.data.length; place += 4) {
      image.data.set(colors.get(image.data[place]) ?? [0, 0, 0, 0], place);
    }
    pen.putImageData(image, 0, 0);
    return layer;
  }

  // Names what a finished drawing holds, so that late pictures redraw only what they complete.
  drawing(frame) {
    return `${this.explorer.name} ${frame} ${Boolean(this.overlaid && this.recording.objectMaps.length)}`;
  }

  tell(frame) {
    const { recording } = this;
    const window = recording.window(frame) + 1;
    const facts = [
      `frame ${frame + 1} of ${recording.length}`,
      `${number(recording.times[frame])} s`,
      `window ${window} of ${recording.windows.length}`,
    ];
    this.facts.replaceChildren(...facts.map((fact) => element("span", {}, fact)));
    this.canvas.ariaLabel = facts.join(", ");
  }
}
