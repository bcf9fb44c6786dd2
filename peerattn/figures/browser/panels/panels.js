// The panels below the explorer, in tabs: what is selected, then the whole clip, under the explorer's cursor.
// A panel alone, without a recording, is one chart of another part of the page.

/** @type {("svg" | "png")[]} */
const FORMATS = ["svg", "png"];

class Panels {
  /** @type {PanelsData} */ data;
  /** @type {Theme} */ theme;
  /** @type {Panel[]} */ panels;
  /** @type {boolean} */ alone;
  /** @type {boolean} */ staying;
  /** @type {string | null} */ selected;
  /** @type {string | undefined} */ last;
  /** @type {string | undefined} */ order;
  /** @type {number | undefined} */ attaching;

  /** @param {PanelsRoot} root */
  constructor(root) {
    this.root = root;
    /** @type {Set<string>} */
    this.tables = new Set();
    this.own = { panel: "", channel: "" };
    /** @type {ExplorerOnPage | null} */
    this.explorer = null;
    /** @type {PanelContent | null} */
    this.chart = null;
    this.tabs = element("div", { className: "tabs", role: "tablist", ariaLabel: "panels", onkeydown: (event) => this.key(event) });
    this.body = element("div", { className: "panel", id: "panel", role: "tabpanel", tabIndex: 0 });
    root.replaceChildren(element("style", {}, PANELS_STYLE), this.tabs, this.body);
    /** @param {CustomEvent<ExplorerOnPage>} event */
    this.moved = ({ detail }) => detail.name === this.data?.recording && this.follow(detail);
    /** @param {CustomEvent<ExplorerOnPage>} event */
    this.pinned = ({ detail }) => detail.name === this.data?.recording && this.wait(detail);
    globalThis.addEventListener("peerattn-moved", this.moved);
    globalThis.addEventListener("peerattn-pinned", this.pinned);
  }

  get frame() {
    return this.explorer?.frame ?? 0;
  }

  // The explorer's, which the address keeps; without one, this page's.
  get settings() {
    return this.explorer?.settings ?? this.own;
  }

  /** @param {"panel" | "channel"} name @param {string} value */
  change(name, value) {
    if (this.explorer) this.explorer.change(name, value);
    else this.own[name] = value;
    this.chart?.changed?.();
  }

  // What Python says: the panels of the clip and of what is selected.
  /** @param {PanelsData} data */
  show(data) {
    const selected = data.selection && `${data.selection.kind} ${data.selection.id}`;
    const first = !this.data;
    this.data = data;
    this.theme = readTheme(this.root);
    this.root.style.colorScheme = this.theme.dark ? "dark" : "light";
    this.panels = [...(data.selection?.panels ?? []), ...data.clip];
    this.alone = !data.recording;
    if (this.alone) this.root.removeAttribute("aria-label"); // no region of the page: its chart has a name
    else this.attach();
    if (!first && selected && selected !== this.selected && !this.staying) this.turn();
    Object.assign(this, { selected, staying: false });
    this.root.classList.remove("waiting");
    this.build();
  }

  // The explorer may come later than the panels.
  attach() {
    clearTimeout(this.attaching);
    this.explorer = globalThis.peerattnExplorer?.named(this.data.recording) ?? null;
    if (!this.explorer) this.attaching = setTimeout(() => (this.attach(), this.explorer && this.build()), 100);
  }

  // Another selection brings its own panels to the front: the one that was open last, where it has it.
  turn() {
    const own = this.data.selection?.panels.map(({ id }) => id) ?? [];
    if (this.settings.panel && !own.includes(this.settings.panel)) this.choose(own.find((id) => id === this.last) ?? own[0]);
  }

  get open() {
    return this.panels.find(({ id }) => id === this.settings.panel) ?? this.panels[0];
  }

  /** @param {string} id */
  choose(id) {
    this.change("panel", id);
    if (this.data.selection?.panels.some((panel) => panel.id === id)) this.last = id;
  }

  build() {
    const { selection, clip } = this.data;
    const groups = selection ? [this.group(selection.title, selection.panels)] : [];
    this.tabs.hidden = this.alone;
    const focused = this.tabs.contains(focusedIn(this.tabs));
    this.tabs.replaceChildren(...groups, this.group("whole clip", clip));
    if (focused) this.focusTab();
    this.draw();
  }

  /** @param {string} title @param {Panel[]} panels */
  group(title, panels) {
    /** @param {Panel} panel */
    const tab = ({ id, title: name }) => {
      const selected = id === this.open.id;
      const onclick = () => (this.choose(id), this.build());
      return element("button", { type: "button", role: "tab", id: `tab-${id}`, ariaSelected: String(selected), tabIndex: selected ? 0 : -1, onclick, attributes: { "aria-controls": "panel" } }, name);
    };
    return element("div", { className: "group", role: "presentation" }, element("span", { className: "of", ariaHidden: "true", title }, title), element("div", { className: "row", role: "presentation" }, ...panels.map(tab)));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const tabs = [...this.tabs.querySelectorAll("button")];
    const now = tabs.findIndex(({ ariaSelected }) => ariaSelected === "true");
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: tabs.length - 1 };
    const next = places[event.key];
    if (next === undefined) return;
    event.preventDefault();
    tabs[(next + tabs.length) % tabs.length].click();
    this.focusTab();
  }

  // Of the open panel.
  focusTab() {
    [...this.tabs.querySelectorAll("button")].find(({ ariaSelected }) => ariaSelected === "true")?.focus();
  }

  // The open panel, as chart or as table.
  draw() {
    const panel = this.open;
    this.chart?.remove();
    this.chart = null;
    if (this.alone) Object.assign(this.body, { role: "group", ariaLabel: panel.title, tabIndex: -1 });
    else this.body.setAttribute("aria-labelledby", `tab-${panel.id}`);
    const table = this.tables.has(panel.id) ? panel.table : null;
    if (!panel.missing && !table) this.chart = this.content(panel);
    const remark = panel.remark ? [element("p", { className: "remark" }, panel.remark)] : [];
    this.body.replaceChildren(this.head(panel, table !== null), ...remark, this.shown(panel, table));
    if (panel.orders) this.chart?.sort?.(panel.orders[this.order ?? "index"] ?? panel.orders.index);
    this.chart?.draw();
  }

  /** @param {Panel} panel @returns {PanelContent | null} */
  content(panel) {
    if (panel.chain) return new PanelInside(this, panel.chain);
    return panel.figure && new PanelChart(this, panel, panel.figure);
  }

  /** @param {Panel} panel @param {TableOf | null} table */
  shown(panel, table) {
    if (panel.missing) return element("p", { className: "quiet" }, `Nothing to show: ${panel.missing}.`);
    return table ? new PanelTable(this, panel, table).element : (this.chart?.element ?? "");
  }

  /** @param {Panel} panel @param {boolean} asTable */
  head(panel, asTable) {
    /** @type {(text: string, onclick: () => void, properties?: Properties<"button">) => HTMLButtonElement} */
    const small = (text, onclick, properties = {}) => element("button", { type: "button", className: "small", onclick, ...properties }, text);
    /** @type {HTMLElement[]} */
    const tools = [];
    if (panel.orders && !asTable) tools.push(this.sorting(panel.orders));
    if (panel.table) tools.push(small("Table", () => this.toggle(panel), { ariaPressed: String(asTable) }));
    if (panel.figure && !asTable) tools.push(...FORMATS.map((format) => small(format.toUpperCase(), () => this.picture(panel, format), { ariaLabel: `${panel.title} as ${format.toUpperCase()}` })));
    if (panel.table) tools.push(small("CSV", () => saveFile(`${panel.id}.csv`, csv(panel), "text/csv"), { ariaLabel: `${panel.title} as CSV` }));
    const about = element("span", { className: "about", id: "about", role: "tooltip" }, panel.about);
    const ask = element("button", { type: "button", className: "ask", ariaLabel: `about ${panel.title}`, attributes: { "aria-describedby": "about" } }, "?");
    return element("header", {}, element("h3", {}, panel.title, element("span", { className: "asked" }, ask, about)), element("div", { className: "tools" }, ...tools));
  }

  /** @param {Record<string, number[]>} orders */
  sorting(orders) {
    const names = Object.keys(orders);
    const select = element("select", { onchange: () => ((this.order = select.value), this.chart?.sort?.(orders[select.value])) }, ...names.map((name) => element("option", { value: name, selected: name === (this.order ?? "index") }, name)));
    return element("label", {}, "sort by ", select);
  }

  /** @param {Panel} panel */
  toggle({ id }) {
    if (!this.tables.delete(id)) this.tables.add(id);
    this.draw();
    [...this.body.querySelectorAll("button")].find(({ ariaPressed }) => ariaPressed)?.focus();
  }

  /** @param {Panel} panel @param {"svg" | "png"} format */
  async picture({ id }, format) {
    const picture = await this.chart?.picture?.(format);
    if (picture) saveFile(`${id}.${format}`, picture, { svg: "image/svg+xml", png: "image/png" }[format]);
  }

  // The cursor has moved: nothing is drawn anew but what stands at it.
  /** @param {ExplorerOnPage} explorer */
  follow(explorer) {
    if (!this.explorer) this.attach();
    if (this.explorer === explorer) this.chart?.place();
  }

  // Something else is kept in the explorer: its panels are on their way.
  /** @param {ExplorerOnPage} explorer */
  wait(explorer) {
    const { pinned } = explorer;
    const asked = pinned && `${pinned.kind} ${pinned.id}`;
    this.root.classList.toggle("waiting", asked !== this.selected);
    this.chart?.outline();
  }

  // Chosen here: the panel from which it was chosen stays.
  /** @param {Chosen} selection */
  pin(selection) {
    this.staying = true;
    this.explorer?.pin(selection);
  }

  remove() {
    clearTimeout(this.attaching);
    globalThis.removeEventListener("peerattn-moved", this.moved);
    globalThis.removeEventListener("peerattn-pinned", this.pinned);
    this.chart?.remove();
  }
}
