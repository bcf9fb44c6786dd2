// Stands in for a canvas' context and keeps what it is told to draw as pieces (see pieces.js), so that what draws
// on the page writes a picture too.

class Ink {
  constructor() {
    Object.assign(this, { pieces: [], globalAlpha: 1, dashes: [], d: "" });
  }

  setLineDash(dashes) {
    this.dashes = dashes;
  }

  beginPath() {
    this.d = "";
  }

  lineTo(x, y) {
    this.d += `${this.d ? "L" : "M"}${x} ${y}`;
  }

  // A whole circle.
  arc(x, y, radius) {
    this.d = ringPath(x, y, radius);
  }

  stroke() {
    const { d, strokeStyle: stroke, lineWidth: width, dashes, globalAlpha: opacity } = this;
    this.pieces.push({ d, stroke, width, dashes, opacity });
  }

  fill() {
    this.pieces.push({ d: this.d, fill: this.fillStyle, opacity: this.globalAlpha });
  }

  fillRect(x, y, width, height) {
    this.d = `M${x} ${y}h${width}v${height}h${-width}z`;
    this.fill();
  }

  // Lines of text stand with their middle at y.
  fillText(text, x, y) {
    const size = parseFloat(this.font);
    const anchor = { center: "middle", right: "end" }[this.textAlign] ?? "start";
    this.pieces.push({ text, x, y: y + 0.35 * size, size, fill: this.fillStyle, anchor });
  }
}
