// A stand-in for a canvas' 2D context that records draw calls as pieces (see pieces.js), so that the page's drawing code
// can also produce saved pictures. It has only what the timeline's chart uses: arcs are always full circles, and text
// is always opaque.

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

  // Records a text centred vertically at y, as a canvas does with textBaseline "middle"; the font must begin with its
  // size in px.
  /** @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const size = parseFloat(this.font);
    const anchor = this.textAlign === "center" ? "middle" : this.textAlign === "right" ? "end" : "start";
    this.pieces.push({ text, x, y: y + 0.35 * size, size, fill: this.fillStyle, anchor });
  }
}
