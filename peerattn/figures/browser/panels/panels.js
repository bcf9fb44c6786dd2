// The panels below the explorer, in tabs: those of the selection, then those of the whole clip. They follow the
// explorer's cursor. Without a recording there is a single panel, used for other charts of the app.

/** @type {("svg" | "png")[]} */
const FORMATS = ["svg", "png"];
const NOT_SAVED = "This browser could not make the picture: choose the other format, or save the table as CSV.";

class Panels {
  /** @type {PanelsData} */ data;
  /** @type {Theme} */ theme;
  /** @type {Panel[]} */ panels;
  /** @type {boolean} */ alone;
  /** @type {boolean} */ keepPanel;
  /** @type {string | null} */ selected;
  /** @type {string | undefined} */ lastSelectionPanel;
  /** @type {string | undefined} */ order;
  /** @type {number | undefined} */ searchTimer;

  /** @param {PanelsRoot} root */
  constructor(root) {
    this.root = root;
    /** @type {Set<string>} */
    this.tables = new Set();
    this.ownSettings = { panel: "", channel: "" };
    /** @type {ExplorerOnPage | null} */
    this.explorer = null;
    /** @type {PanelContent | null} */
    this.chart = null;
    this.tabs = element("div", { className: "tabs", role: "tablist", ariaLabel: "panels", onkeydown: (event) => this.handleKey(event) });
    this.body = element("div", { className: "panel", id: "panel", role: "tabpanel", tabIndex: 0 });
    root.replaceChildren(element("style", {}, PANELS_STYLE), this.tabs, this.body);
    /** @param {CustomEvent<ExplorerOnPage>} event */
    this.onMoved = ({ detail }) => detail.name === this.data?.recording && this.cursorMoved(detail);
    /** @param {CustomEvent<ExplorerOnPage>} event */
    this.onPinned = ({ detail }) => detail.name === this.data?.recording && this.selectionChanged(detail);
    globalThis.addEventListener("peerattn-moved", this.onMoved);
    globalThis.addEventListener("peerattn-pinned", this.onPinned);
  }

  get frame() {
    return this.explorer?.frame ?? 0;
  }

  // The settings of the explorer, which are in the address; without an explorer, those of these panels.
  get settings() {
    return this.explorer?.settings ?? this.ownSettings;
  }

  /** @param {"panel" | "channel"} name @param {string} value */
  changeSetting(name, value) {
    if (this.explorer) this.explorer.changeSetting(name, value);
    else this.ownSettings[name] = value;
    this.chart?.settingChanged?.();
  }

  // Shows the panels of the clip and of the selection.
  /** @param {PanelsData} data */
  show(data) {
    const selected = data.selection && `${data.selection.kind} ${data.selection.id}`;
    const first = !this.data;
    this.data = data;
    this.theme = readTheme(this.root);
    this.root.style.colorScheme = this.theme.dark ? "dark" : "light";
    this.panels = [...(data.selection?.panels ?? []), ...data.clip];
    this.alone = !data.recording;
    if (this.alone) this.root.removeAttribute("aria-label"); // its chart has a name
    else this.findExplorer();
    if (!first && selected && selected !== this.selected && !this.keepPanel) this.openSelectionPanel();
    Object.assign(this, { selected, keepPanel: false });
    this.root.classList.remove("waiting");
    this.build();
  }

  // Finds the explorer, which may arrive later than the panels.
  findExplorer() {
    clearTimeout(this.searchTimer);
    this.explorer = globalThis.peerattnExplorer?.named(this.data.recording) ?? null;
    if (!this.explorer) this.searchTimer = setTimeout(() => (this.findExplorer(), this.explorer && this.build()), 100);
  }

  // Opens a panel of a new selection: the selection panel that was open last, if the new selection has it, else its first.
  openSelectionPanel() {
    const ids = this.data.selection?.panels.map(({ id }) => id) ?? [];
    if (this.settings.panel && !ids.includes(this.settings.panel)) this.choose(ids.find((id) => id === this.lastSelectionPanel) ?? ids[0]);
  }

  get open() {
    return this.panels.find(({ id }) => id === this.settings.panel) ?? this.panels[0];
  }

  /** @param {string} id */
  choose(id) {
    this.changeSetting("panel", id);
    if (this.data.selection?.panels.some((panel) => panel.id === id)) this.lastSelectionPanel = id;
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
  handleKey(event) {
    const tabs = [...this.tabs.querySelectorAll("button")];
    const current = tabs.findIndex(({ ariaSelected }) => ariaSelected === "true");
    /** @type {Record<string, number>} */
    const positions = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: tabs.length - 1 };
    const next = positions[event.key];
    if (next === undefined) return;
    event.preventDefault();
    tabs[(next + tabs.length) % tabs.length].click();
    this.focusTab();
  }

  // Focuses the tab of the open panel.
  focusTab() {
    [...this.tabs.querySelectorAll("button")].find(({ ariaSelected }) => ariaSelected === "true")?.focus();
  }

  // Draws the open panel, as a chart or as a table.
  draw() {
    const panel = this.open;
    const table = this.tables.has(panel.id) ? panel.table : null;
    this.chart?.remove();
    this.chart = panel.missing || table ? null : this.makeChart(panel);
    this.labelBody(panel);
    const remark = panel.remark ? [element("p", { className: "remark" }, panel.remark)] : [];
    this.body.replaceChildren(this.header(panel, table !== null), ...remark, this.content(panel, table));
    this.sortRows(panel);
    this.chart?.draw();
  }

  // Names the body for screen readers: after its tab, or after its only panel.
  /** @param {Panel} panel */
  labelBody({ id, title }) {
    if (this.alone) Object.assign(this.body, { role: "group", ariaLabel: title, tabIndex: -1 });
    else this.body.setAttribute("aria-labelledby", `tab-${id}`);
  }

  // Sorts the rows of a heat map in the chosen order.
  /** @param {Panel} panel */
  sortRows({ orders }) {
    if (orders) this.chart?.sort?.(orders[this.order ?? "index"] ?? orders.index);
  }

  /** @param {Panel} panel @returns {PanelContent | null} */
  makeChart(panel) {
    if (panel.chain) return new FactorSteps(this, panel.chain);
    return panel.figure && new PanelChart(this, panel, panel.figure);
  }

  /** @param {Panel} panel @param {PanelTableData | null} table */
  content(panel, table) {
    if (panel.missing) return element("p", { className: "quiet" }, `Nothing to show: ${panel.missing}.`);
    return table ? new PanelTable(this, panel, table).element : (this.chart?.element ?? "");
  }

  /** @param {Panel} panel @param {boolean} asTable */
  header(panel, asTable) {
    /** @type {(text: string, onclick: () => void, properties?: Properties<"button">) => HTMLButtonElement} */
    const button = (text, onclick, properties = {}) => element("button", { type: "button", className: "small", onclick, ...properties }, text);
    /** @type {HTMLElement[]} */
    const tools = [];
    if (panel.orders && !asTable) tools.push(this.orderChooser(panel.orders));
    if (panel.table) tools.push(button("Table", () => this.toggleTable(panel), { ariaPressed: String(asTable) }));
    if (panel.figure && !asTable) tools.push(...FORMATS.map((format) => button(format.toUpperCase(), () => this.picture(panel, format), { ariaLabel: `${panel.title} as ${format.toUpperCase()}` })));
    if (panel.table) tools.push(button("CSV", () => saveFile(`${panel.id}.csv`, csv(panel), "text/csv"), { ariaLabel: `${panel.title} as CSV` }));
    const about = element("span", { className: "about", id: "about", role: "tooltip" }, panel.about);
    const help = element("button", { type: "button", className: "ask", ariaLabel: `about ${panel.title}`, attributes: { "aria-describedby": "about" } }, "?");
    return element("header", {}, element("h3", {}, panel.title, element("span", { className: "asked" }, help, about)), element("div", { className: "tools" }, ...tools));
  }

  // Returns the choice of the order of a heat map's rows.
  /** @param {Record<string, number[]>} orders */
  orderChooser(orders) {
    const names = Object.keys(orders);
    const select = element("select", { onchange: () => ((this.order = select.value), this.chart?.sort?.(orders[select.value])) }, ...names.map((name) => element("option", { value: name, selected: name === (this.order ?? "index") }, name)));
    return element("label", {}, "sort by ", select);
  }

  /** @param {Panel} panel */
  toggleTable({ id }) {
    if (!this.tables.delete(id)) this.tables.add(id);
    this.draw();
    [...this.body.querySelectorAll("button")].find(({ ariaPressed }) => ariaPressed)?.focus();
  }

  /** @param {Panel} panel @param {"svg" | "png"} format */
  async picture({ id }, format) {
    const picture = await this.chart?.picture?.(format).catch(() => null); // empty if the picture is too large for a canvas
    this.body.querySelector("[role=alert]")?.remove();
    if (picture) saveFile(`${id}.${format}`, picture, { svg: "image/svg+xml", png: "image/png" }[format]);
    else this.body.querySelector("header")?.after(element("p", { className: "remark", role: "alert" }, NOT_SAVED));
  }

  // Follows the cursor of the explorer.
  /** @param {ExplorerOnPage} explorer */
  cursorMoved(explorer) {
    if (!this.explorer) this.findExplorer();
    if (this.explorer === explorer) this.chart?.moveCursor();
  }

  // Dims the panels until those of the newly pinned part arrive.
  /** @param {ExplorerOnPage} explorer */
  selectionChanged(explorer) {
    const { pinned } = explorer;
    const pinnedName = pinned && `${pinned.kind} ${pinned.id}`;
    this.root.classList.toggle("waiting", pinnedName !== this.selected);
    this.chart?.outlineSelection();
  }

  // Pins a part chosen in a panel; that panel stays open.
  /** @param {GraphItem} selection */
  pin(selection) {
    this.keepPanel = true;
    this.explorer?.pin(selection);
  }

  remove() {
    clearTimeout(this.searchTimer);
    globalThis.removeEventListener("peerattn-moved", this.onMoved);
    globalThis.removeEventListener("peerattn-pinned", this.onPinned);
    this.chart?.remove();
  }
}
