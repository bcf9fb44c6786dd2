// The groups of panels on the page, by the element that each one fills.

/** @type {Map<PanelsRoot, Panels>} */
const allPanels = new Map();

/** @type {Map<HTMLElement, BareChart>} */
const bareCharts = new Map();

globalThis.peerattnPanels = {
  // Shows the panels of a clip and of a selection.
  show(root, data) {
    const panels = allPanels.get(root) ?? new Panels(root);
    allPanels.set(root, panels);
    panels.show(data);
  },
  of: (root) => allPanels.get(root),
  remove(root) {
    allPanels.get(root)?.remove();
    allPanels.delete(root);
  },
  // Shows a figure without title and buttons.
  showBare(root, figure) {
    const chart = bareCharts.get(root) ?? new BareChart(root);
    bareCharts.set(root, chart);
    chart.show(figure);
  },
  removeBare(root) {
    bareCharts.get(root)?.remove();
    bareCharts.delete(root);
  },
};
