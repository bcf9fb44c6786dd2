// Replaces a canvas' context and collects what is drawn as pieces (see pieces.js), so that the code that draws on
// the page also writes saved pictures.

class PiecePen {
  constructor() {
    /** @type {Piece[]} */
    this.pieces = [];
    this.globalAlpha = this.lineWidth = 1;
    /** @type {number[]} */
    this.dashes = [];
    this.d = this.font = this.fillStyle = this.strokeStyle = "";
    /** @type {CanvasTextAlign} */
    this.textAlign = "start";
    /** @type {CanvasTextBaseline} */
    this.textBaseline = "middle";
  }

  /** @param {number[]} dashes */
  setLineDash(dashes) {
    this.dashes = dashes;
  }

  beginPath() {
    this.d = "";
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.d += `${this.d ? "L" : "M"}${x} ${y}`;
  }

  // Always a full circle.
  /** @param {number} x @param {number} y @param {number} radius */
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

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.d = `M${x} ${y}h${width}v${height}h${-width}z`;
    this.fill();
  }

  // As with textBaseline = "middle".
  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const size = parseFloat(this.font);
    const anchor = this.textAlign === "center" ? "middle" : this.textAlign === "right" ? "end" : "start";
    this.pieces.push({ text, x, y: y + 0.35 * size, size, fill: this.fillStyle, anchor });
  }
}
