// The panels below the explorer, in tabs: what is selected, then the whole clip, under the explorer's cursor.
// A panel alone, without a recording, is one chart of another part of the page.

class Panels {
  constructor(root) {
    Object.assign(this, { root, tables: new Set(), own: { panel: "", channel: "" }, explorer: null });
    this.tabs = element("div", { className: "tabs", role: "tablist", ariaLabel: "panels", onkeydown: (event) => this.key(event) });
    this.body = element("div", { className: "panel", id: "panel", role: "tabpanel", tabIndex: 0 });
    root.replaceChildren(element("style", {}, PANELS_STYLE), this.tabs, this.body);
    this.heard = {
      "peerattn-moved": ({ detail }) => detail.name === this.data?.recording && this.follow(detail),
      "peerattn-pinned": ({ detail }) => detail.name === this.data?.recording && this.wait(detail),
    };
    for (const [name, hear] of Object.entries(this.heard)) globalThis.addEventListener(name, hear);
  }

  get frame() {
    return this.explorer?.frame ?? 0;
  }

  // The explorer's, which the address keeps; without one, this page's.
  get settings() {
    return this.explorer?.settings ?? this.own;
  }

  change(name, value) {
    if (this.explorer) this.explorer.change(name, value);
    else this.own[name] = value;
    this.chart?.changed?.();
  }

  // What Python says: the panels of the clip and of what is selected.
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
    const own = this.data.selection.panels.map(({ id }) => id);
    if (this.settings.panel && !own.includes(this.settings.panel)) this.choose(own.includes(this.last) ? this.last : own[0]);
  }

  get open() {
    return this.panels.find(({ id }) => id === this.settings.panel) ?? this.panels[0];
  }

  choose(id) {
    this.change("panel", id);
    if (this.data.selection?.panels.some((panel) => panel.id === id)) this.last = id;
  }

  build() {
    const { selection, clip } = this.data;
    const groups = selection ? [[selection.title, selection.panels]] : [];
    this.tabs.hidden = this.alone;
    const focused = this.tabs.contains(this.tabs.getRootNode().activeElement);
    this.tabs.replaceChildren(...[...groups, ["whole clip", clip]].map(([title, panels]) => this.group(title, panels)));
    if (focused) this.tabs.querySelector("[aria-selected=true]").focus();
    this.draw();
  }

  group(title, panels) {
    const tab = ({ id, title: name }) => {
      const selected = id === this.open.id;
      const properties = { type: "button", role: "tab", id: `tab-${id}`, ariaSelected: String(selected), tabIndex: selected ? 0 : -1, onclick: () => (this.choose(id), this.build()) };
      return element("button", { ...properties, attributes: { "aria-controls": "panel" } }, name);
    };
    return element("div", { className: "group", role: "presentation" }, element("span", { className: "of", ariaHidden: "true", title }, title), element("div", { className: "row", role: "presentation" }, ...panels.map(tab)));
  }

  key(event) {
    const tabs = [...this.tabs.querySelectorAll("[role=tab]")];
    const now = tabs.findIndex(({ ariaSelected }) => ariaSelected === "true");
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    tabs[(next + tabs.length) % tabs.length].click();
    this.tabs.querySelector("[aria-selected=true]").focus();
  }

  // The open panel, as chart or as table.
  draw() {
    const panel = this.open;
    this.chart?.remove();
    this.chart = null;
    if (this.alone) Object.assign(this.body, { role: "group", ariaLabel: panel.title, tabIndex: -1 });
    else this.body.setAttribute("aria-labelledby", `tab-${panel.id}`);
    const asTable = this.tables.has(panel.id) && panel.table;
    if (!panel.missing && !asTable) this.chart = panel.chain ? new PanelInside(this, panel) : new PanelChart(this, panel);
    const shown = panel.missing ? element("p", { className: "quiet" }, `Nothing to show: ${panel.missing}.`) : this.chart ? this.chart.element : new PanelTable(this, panel).element;
    const remark = panel.remark ? [element("p", { className: "remark" }, panel.remark)] : [];
    this.body.replaceChildren(this.head(panel, asTable), ...remark, shown);
    if (panel.orders && this.chart) this.chart.sort(panel.orders[this.order] ?? panel.orders.index);
    this.chart?.draw();
  }

  head(panel, asTable) {
    const small = (text, onclick, properties = {}) => element("button", { type: "button", className: "small", onclick, ...properties }, text);
    const tools = [];
    if (panel.orders && !asTable) tools.push(this.sorting(panel));
    if (panel.table) tools.push(small("Table", () => this.toggle(panel), { ariaPressed: String(Boolean(asTable)) }));
    if (panel.figure && !asTable) tools.push(...["svg", "png"].map((format) => small(format.toUpperCase(), () => this.picture(panel, format), { ariaLabel: `${panel.title} as ${format.toUpperCase()}` })));
    if (panel.table) tools.push(small("CSV", () => saveFile(`${panel.id}.csv`, csv(panel), "text/csv"), { ariaLabel: `${panel.title} as CSV` }));
    const about = element("span", { className: "about", id: "about", role: "tooltip" }, panel.about);
    const ask = element("button", { type: "button", className: "ask", ariaLabel: `about ${panel.title}`, attributes: { "aria-describedby": "about" } }, "?");
    return element("header", {}, element("h3", {}, panel.title, element("span", { className: "asked" }, ask, about)), element("div", { className: "tools" }, ...tools));
  }

  sorting({ orders }) {
    const names = Object.keys(orders);
    const select = element("select", { onchange: () => ((this.order = select.value), this.chart.sort(orders[select.value])) }, ...names.map((name) => element("option", { value: name, selected: name === (this.order ?? "index") }, name)));
    return element("label", {}, "sort by ", select);
  }

  toggle({ id }) {
    if (!this.tables.delete(id)) this.tables.add(id);
    this.draw();
    [...this.body.querySelectorAll(".tools button")].find(({ ariaPressed }) => ariaPressed)?.focus();
  }

  async picture({ id }, format) {
    saveFile(`${id}.${format}`, await this.chart.picture(format), { svg: "image/svg+xml", png: "image/png" }[format]);
  }

  // The cursor has moved: nothing is drawn anew but what stands at it.
  follow(explorer) {
    if (!this.explorer) this.attach();
    if (this.explorer === explorer) this.chart?.place?.();
  }

  // Something else is kept in the explorer: its panels are on their way.
  wait(explorer) {
    const { pinned } = explorer;
    const asked = pinned && `${pinned.kind} ${pinned.id}`;
    this.root.classList.toggle("waiting", asked !== this.selected);
    this.chart?.outline?.();
  }

  // Chosen here: the panel from which it was chosen stays.
  pin(selection) {
    this.staying = true;
    this.explorer?.pin(selection);
  }

  remove() {
    clearTimeout(this.attaching);
    for (const [name, hear] of Object.entries(this.heard)) globalThis.removeEventListener(name, hear);
    this.chart?.remove();
  }
}

const mounted = new Map(); // root → its panels

globalThis.peerattnPanels = {
  // Shows what Python last said: `recording` (a name), `clip` (panels), `selection` (kind, id, title, panels) or null.
  show(root, data) {
    if (!mounted.has(root)) mounted.set(root, new Panels(root));
    mounted.get(root).show(data);
  },
  of: (root) => mounted.get(root),
  remove(root) {
    mounted.get(root)?.remove();
    mounted.delete(root);
  },
};
