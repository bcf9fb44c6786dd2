// Shows a connectivity drawing: highlights parts of it and tells Python which part was clicked.

const PARTS = "[data-connection], [data-block]";

/** @typedef {HTMLElement & { svg?: string }} Place */

/** @param {HTMLElement | SVGElement} part */
function nameOf({ dataset: { connection, block } }) {
  return connection === undefined ? `block ${block}` : `connection ${connection}`;
}

/** @param {Place} place @param {string} svg */
function insertDrawing(place, svg) {
  place.svg = svg;
  const drawing = document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
  const width = Number(drawing.getAttribute("width"));
  drawing.style.minWidth = `${0.8 * width}px`; // it scrolls on a narrow page
  drawing.style.maxWidth = `${1.1 * width}px`; // and is not enlarged on a wide one
  place.replaceChildren(drawing);
  for (const line of place.querySelectorAll("g[data-connection]")) widen(line);
}

// Adds a wide invisible copy of a connection's line, because thin lines are hard to hit.
/** @param {Element} line */
function widen(line) {
  const copy = /** @type {Element} */ (line.querySelector("path")?.cloneNode());
  copy.setAttribute("class", "wide");
  line.append(copy);
}

/** @param {StreamlitComponent<{ svg: string, lit: string[] }>} component */
export default ({ parentElement, data, setTriggerValue }) => {
  const place = /** @type {Place} */ (parentElement.querySelector(".drawing"));
  if (place.svg !== data.svg) insertDrawing(place, data.svg);
  const highlighted = new Set(data.lit);
  place.classList.toggle("chosen", highlighted.size > 0);
  for (const part of place.querySelectorAll(PARTS)) {
    part.classList.toggle("lit", highlighted.has(nameOf(/** @type {SVGElement} */ (part))));
  }
  place.onclick = ({ target }) => {
    if (getSelection()?.toString()) return; // text is being selected
    const part = target instanceof Element ? target.closest(PARTS) : null;
    setTriggerValue("clicked", part ? nameOf(/** @type {SVGElement} */ (part)) : "");
  };
};
