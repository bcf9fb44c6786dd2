// Elements, always from text: names of blocks and classes come from files and are never read as HTML.

/** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {Properties<Tag>} properties @param {(Node | string)[]} children */
function element(tag, properties = {}, ...children) {
  const { dataset = {}, attributes = {}, ...rest } = properties;
  const made = document.createElement(tag);
  Object.assign(made, rest);
  Object.assign(made.dataset, dataset);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const ICONS = {
  first: "M5 4h2v12H5z M16 4v12l-8-6z",
  back: "M14 4v12l-8-6z",
  play: "M6 4v12l10-6z",
  pause: "M5 4h4v12H5z M11 4h4v12h-4z",
  forward: "M6 4v12l8-6z",
  last: "M13 4h2v12h-2z M4 4v12l8-6z",
  from: "M4 3h5v2H6v10h3v2H4z M10 6v8l6-4z",
  to: "M16 3h-5v2h3v10h-3v2h5z M4 6v8l6-4z",
  clear: "M5 6.4 6.4 5 10 8.6 13.6 5 15 6.4 11.4 10 15 13.6 13.6 15 10 11.4 6.4 15 5 13.6 8.6 10z",
  screen: "M2 4h16v10H2z M4 6v6h12V6z M7 16h6v1.5H7z",
  save: "M9 3h2v6h3l-4 5-4-5h3z M3 15h14v2H3z",
  closer: "M9 4h2v5h5v2h-5v5H9v-5H4V9h5z",
  farther: "M4 9h12v2H4z",
  whole: "M3 3h5v2H5v3H3z M12 3h5v5h-2V5h-3z M3 12h2v3h3v2H3z M15 12h2v5h-5v-2h3z",
};

/** @param {keyof typeof ICONS} name */
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  for (const [key, value] of [["viewBox", "0 0 20 20"], ["aria-hidden", "true"]]) image.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  image.append(path);
  return image;
}

/** @param {keyof typeof ICONS} name @param {string} label @param {() => void} onclick */
function iconButton(name, label, onclick) {
  return element("button", { type: "button", className: "icon", title: label, ariaLabel: label, onclick }, icon(name));
}

/** @param {HTMLButtonElement} button @param {keyof typeof ICONS} name @param {string} label */
function relabel(button, name, label) {
  button.replaceChildren(icon(name));
  button.title = button.ariaLabel = label;
}

/** @param {string} label @param {boolean} checked @param {(checked: boolean) => void} onchange @returns {Checkbox} */
function checkbox(label, checked, onchange) {
  const input = element("input", { type: "checkbox", checked, onchange: () => onchange(input.checked) });
  return Object.assign(element("label", { className: "check" }, input, label), { input });
}

let groups = 0;

// One of several, as a row of native radio buttons: `offer` says which there are, `show` which one holds.
/** @param {string} label @param {(value: string) => void} onchange */
function choices(label, onchange) {
  const name = `choices-${(groups += 1)}`; // one group each, however many are on a page
  const group = element("fieldset", { className: "choices" });
  /** @param {[value: string, text: string]} option */
  const choice = ([value, text]) =>
    element("label", {}, element("input", { type: "radio", name, value, onchange: () => onchange(value) }), text);
  return Object.assign(group, {
    /** @param {[value: string, text: string][]} options */
    offer: (options) => group.replaceChildren(element("legend", { className: "spoken" }, label), ...options.map(choice)),
    /** @param {string} value */
    show: (value) => {
      for (const input of group.querySelectorAll("input")) input.checked = input.value === value;
    },
  });
}

// A short sample of a colour; a line shows its dash and width (px) too.
/** @param {string} color @param {number[]} [pattern] @param {number} [width] */
function swatch(color, pattern, width = 2.5) {
  if (!pattern) {
    const mark = element("span", { className: "swatch" });
    mark.style.background = color;
    return mark;
  }
  const line = element("canvas", { className: "dash", width: 56, height: 8 });
  const pen = penOf(line);
  Object.assign(pen, { strokeStyle: color, lineWidth: 2 * width });
  pen.setLineDash(pattern.map((length) => 2 * length));
  pen.beginPath();
  pen.moveTo(0, 4);
  pen.lineTo(56, 4);
  pen.stroke();
  return line;
}

// What draws on a canvas; there always is one, as none here is drawn on in another way.
/** @param {HTMLCanvasElement} canvas */
function penOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

// What the canvases need of Streamlit's theme, as "#rrggbb" and a font.
/** @param {HTMLElement} root @returns {Theme} */
function readTheme(root) {
  const style = getComputedStyle(root);
  const pen = penOf(element("canvas"));
  /** @param {string} name @param {string} otherwise */
  const color = (name, otherwise) => {
    pen.fillStyle = otherwise;
    pen.fillStyle = style.getPropertyValue(name).trim() || otherwise;
    return String(pen.fillStyle).startsWith("#") ? String(pen.fillStyle) : otherwise;
  };
  const background = color("--st-background-color", "#ffffff");
  const text = color("--st-text-color", "#31333f");
  const dark = parseInt(background.slice(1, 3), 16) < 128;
  return { background, text, dark, faint: mix(background, text, 0.12), quiet: mix(background, text, 0.62), font: style.fontFamily };
}

// What has the focus in the page or shadow root that an element is part of.
/** @param {HTMLElement} within */
function focusedIn(within) {
  const root = within.getRootNode();
  const focused = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  return focused instanceof HTMLElement ? focused : null;
}

// Puts children in this order; what is in order stays untouched, and what has the focus keeps it.
/** @param {HTMLElement} parent @param {HTMLElement[]} items */
function reorder(parent, items) {
  if (items.every((item, place) => parent.children[place] === item)) return;
  const focused = focusedIn(parent);
  parent.append(...items);
  if (focused && parent.contains(focused)) focused.focus({ preventScroll: true });
}
