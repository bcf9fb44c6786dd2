// Lines, areas and dots on a canvas.

/** @param {Pen} pen @param {XY[]} points */
function tracePath(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
}

/** @param {Pen} pen @param {string} color @param {XY[]} points */
function strokeLine(pen, color, points) {
  pen.strokeStyle = color;
  tracePath(pen, points);
  pen.stroke();
}

/** @param {Pen} pen @param {string} color @param {XY[]} points */
function fillArea(pen, color, points) {
  pen.fillStyle = color;
  tracePath(pen, points);
  pen.fill();
}

/** @param {Pen} pen @param {XY} centre @param {string} color */
function drawDot(pen, [x, y], color) {
  pen.beginPath();
  pen.arc(x, y, 3.5, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
}
