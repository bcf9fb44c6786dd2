// Lines, areas and dots on a canvas.

/** @param {Pen} pen @param {Spot[]} points */
function path(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
}

/** @param {Pen} pen @param {string} color @param {Spot[]} points */
function stroke(pen, color, points) {
  pen.strokeStyle = color;
  path(pen, points);
  pen.stroke();
}

/** @param {Pen} pen @param {string} color @param {Spot[]} points */
function fill(pen, color, points) {
  pen.fillStyle = color;
  path(pen, points);
  pen.fill();
}

/** @param {Pen} pen @param {Spot} place @param {string} color */
function dot(pen, [x, y], color) {
  pen.beginPath();
  pen.arc(x, y, 3.5, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
}
