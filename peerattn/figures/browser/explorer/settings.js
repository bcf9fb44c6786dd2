// What the parts of an explorer are called; another kind of recording has other words.
/** @type {Words} */
const WORDS = {
  frame: "frame",
  window: "window",
  windowMeans: "a window: a stretch of the recording, over which an answer is taken",
  shade: "attention factor", // what colours connections
  mark: "factor", // the same as an attribute of a saved picture
  connections: {
    title: "attention by connection",
    note: "mean attention factor over the channels; of a pinned connection also its least and greatest channel",
    form: "lines",
    of: "shade",
  },
};

// What a visitor can set, and how it starts; the address names what differs.
/** @type {Settings} */
const SETTINGS = {
  speed: 1,
  fit: false,
  lines: "modality", // a chart of the recording, or "connections"
  overlay: "", // "objects", "flow" or "heat"
  heat: "", // block of the heat map; none: the one in view
  loop: "", // frames from 1: "3-17"
  connected: false, // hides what no kept path connects
  showRemoved: true,
  arcs: false, // who gates whom
  horizontal: false,
  table: false, // the graph as two tables
  rank: "weight", // order of a block's connections: or "factor", "change"
  panel: "", // the panel that is open below; none: the first
  present: false, // for a projector
  side: "A", // when two recordings are compared: or "B", "difference"
  offset: 0, // frames by which B is then ahead of A
  channel: "", // of the steps inside a factor; none: the one that varies most
};
const SETTING_NAMES = /** @type {(keyof Settings)[]} */ (Object.keys(SETTINGS));
