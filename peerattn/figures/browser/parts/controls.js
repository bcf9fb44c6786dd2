// HTML elements and controls. Text is never parsed as HTML, because names of blocks and classes come from files.

/** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {Properties<Tag>} properties @param {(Node | string)[]} children */
function element(tag, properties = {}, ...children) {
  const { dataset = {}, attributes = {}, ...rest } = properties;
  const created = document.createElement(tag);
  Object.assign(created, rest);
  Object.assign(created.dataset, dataset);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
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
  const namespace = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(namespace, "svg");
  const path = document.createElementNS(namespace, "path");
  for (const [key, value] of [["viewBox", "0 0 20 20"], ["aria-hidden", "true"]]) image.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  image.append(path);
  return image;
}

/** @param {keyof typeof ICONS} name @param {string} label @param {() => void} onclick */
function iconButton(name, label, onclick) {
  return element("button", { type: "button", className: "icon", title: label, ariaLabel: label, onclick }, icon(name));
}

// Gives an icon button another icon and label.
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

let radioGroups = 0;

// Returns a row of radio buttons; `setOptions` replaces the options and `select` checks one of them.
/** @param {string} label @param {(value: string) => void} onchange */
function radioGroup(label, onchange) {
  const name = `choices-${(radioGroups += 1)}`; // a name for each group on the page
  const group = element("fieldset", { className: "choices" });
  /** @param {[value: string, text: string]} option */
  const choice = ([value, text]) =>
    element("label", {}, element("input", { type: "radio", name, value, onchange: () => onchange(value) }), text);
  return Object.assign(group, {
    /** @param {[value: string, text: string][]} options */
    setOptions: (options) => group.replaceChildren(element("legend", { className: "spoken" }, label), ...options.map(choice)),
    /** @param {string} value */
    select: (value) => {
      for (const input of group.querySelectorAll("input")) input.checked = input.value === value;
    },
  });
}

// Returns a square of a colour or, with a dash pattern, a short line of this width in px.
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

// Returns the 2D context of a canvas, called its pen here.
/** @param {HTMLCanvasElement} canvas */
function penOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

// Returns the colours "#rrggbb" and the font of Streamlit's theme, for drawing on canvases.
/** @param {HTMLElement} root @returns {Theme} */
function readTheme(root) {
  const style = getComputedStyle(root);
  const pen = penOf(element("canvas"));
  /** @param {string} name @param {string} fallback */
  const color = (name, fallback) => {
    pen.fillStyle = fallback;
    pen.fillStyle = style.getPropertyValue(name).trim() || fallback;
    return String(pen.fillStyle).startsWith("#") ? String(pen.fillStyle) : fallback;
  };
  const background = color("--st-background-color", "#ffffff");
  const text = color("--st-text-color", "#31333f");
  const dark = parseInt(background.slice(1, 3), 16) < 128;
  return { background, text, dark, faint: mixColors(background, text, 0.12), quiet: mixColors(background, text, 0.62), font: style.fontFamily };
}

// Returns the focused element in the document or shadow root of an element.
/** @param {HTMLElement} within */
function focusedIn(within) {
  const root = within.getRootNode();
  const focused = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  return focused instanceof HTMLElement ? focused : null;
}

// Puts children in this order and keeps the focus; children already in order are left untouched.
/** @param {HTMLElement} parent @param {HTMLElement[]} items */
function reorder(parent, items) {
  if (items.every((item, index) => parent.children[index] === item)) return;
  const focused = focusedIn(parent);
  parent.append(...items);
  if (focused && parent.contains(focused)) focused.focus({ preventScroll: true });
}
