// The words of an explorer that shows a clip; replays have others.
/** @type {Words} */
const WORDS = {
  frame: "frame",
  window: "window",
  boundary: "dotted: window boundary",
  windowMeans: "a window: a stretch of the clip for which the network gives a prediction",
  shade: "attention factor", // the quantity that colours the connections
  mark: "factor", // its data attribute in a saved picture
  connections: {
    title: "attention factor by connection",
    note: "mean attention factor over the channels; for a pinned connection also the minimum and maximum over the channels",
    form: "lines",
    of: "shade",
  },
};

// The settings that a visitor can change, with their defaults; the address contains those that differ.
/** @type {Settings} */
const SETTINGS = {
  speed: 1,
  fit: false,
  lines: "strength", // name of a chart of the recording, or "connections"
  overlay: "", // "objects", "flow" or "heat"
  rawHeat: false, // heat maps as they are, instead of compared with what is usual
  heat: "", // block of the heat map; empty: the focused one
  loop: "", // first and last frame, counted from 1, e.g. "3-17"
  connected: false, // hides blocks and connections that are on no kept path
  showRemoved: true,
  colour: "shift", // what colours the connections; also "factor"
  arcs: false, // which peers gate which connections
  horizontal: false,
  table: false, // the graph as two tables
  rank: "weight", // order of a block's connections; also "factor" or "shift"
  panel: "", // the open panel below the explorer; empty: the first
  present: false, // for a projector
  side: "A", // when two recordings are compared; also "B" or "difference"
  offset: 0, // frames by which B is ahead of A when compared
  channel: "", // channel of the steps inside a factor; empty: the one that varies most
};
const SETTING_NAMES = /** @type {(keyof Settings)[]} */ (Object.keys(SETTINGS));
