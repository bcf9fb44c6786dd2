// The shapes that travel in the browser: what Python packs, what the parts hand to one another, and what stands on
// the page beside them. For the type checker alone; no page reads this file.

// ---- What Python packs: `figures/recording.py`, `figures/replay.py`, `figures/panels.py`, `figures/factor_steps.py`

/** A block by its id or a connection by its key, as it is pointed at, pinned and told to Python. */
type Chosen = { kind: "block" | "connection"; id: string };

/** Frames that an end of the clip reaches: so many at the start, so many at the end. */
type Reach = [start: number, end: number];

/** From the first frame on, up to and without the second. */
type Run = [first: number, stop: number];

/** A CSS colour, "#rrggbb", and dashes in canvas pixels; none: solid. */
type Look = { color: string; pattern: number[] };

interface Connection {
  id: string;
  source: string;
  target: string;
  /** None: it counts fully. */
  weight: number | null;
  attention: string;
  channels: number;
  peers: string[];
  /** One a peer; none of a connection that is removed at a step of training. */
  attentionWeights: (number | null)[];
  /** Not there where it was not recorded. */
  reached?: Reach | null;
}

/** `first` is the row of its first peer in the array `attention`, `weighted` whether it ever has a weight. */
interface LearningConnection extends Connection {
  first: number;
  weighted: boolean;
}

interface Block {
  id: string;
  level: number;
  kind: string;
  /** A modality, or "mixed". */
  lane: string;
  /** The modality of an input block. */
  reads: string | null;
  width: number;
  dilation: number;
  /** What it reads beyond the clip's ends, in words. */
  ends: string;
}

/** A stretch of the recording with its likeliest classes, or one between two prunings with its own `name` and `span`. */
interface Stretch {
  start: number;
  stop: number;
  classes: [name: string, probability: number][];
  name?: string;
  span?: string;
}

/** pyvis' node, in graph units. */
type GraphNode = { id: string; x: number; y: number; shape: string; label: string };

/** pyvis' edge; `width` in pixels. */
type GraphEdge = { id: string; width: number; dashes: number[] | false };

interface ChartHeader {
  title: string;
  note: string;
  form: "lines" | "areas";
  /** The array with a row a connection from which that of a chosen connection is drawn too. */
  of: string | null;
  most?: number;
  remark?: string;
}

interface HeatHeader {
  offset: number;
  shape: [height: number, width: number];
  /** The values of the first and last level. */
  range: [number, number];
}

interface Flow {
  pictures: [offset: number, length: number][];
  /** A colour for each direction, and how many strengths of it there are. */
  hues: string[];
  strengths: number;
  /** The width of the network's input, px. */
  width: number;
  /** px per nominal step: of the full colour, and the greatest of the clip. */
  full: number;
  greatest: number;
}

/** What is said of a recording beside its bytes. */
interface Facts {
  graph: { nodes: GraphNode[]; edges: GraphEdge[]; options: { edges: { smooth: object } } };
  /** Of a connection with weight 0 and 1, px. */
  widths: [thin: number, thick: number];
  /** Between two levels, and between two blocks of a level, in graph units. */
  row: number;
  column: number;
  lanes: [name: string, left: number, right: number][];
  looks: Record<string, Look>;
  viridis: string[];
  times: number[];
  end: number;
  windows: Stretch[];
  charts: Record<string, ChartHeader & { lines: (Look & { name: string })[] }>;
  /** Connections and blocks that a greater layout has and the trace has not. */
  absent: string[];
  connections: Connection[];
  blocks: Block[];
  objects: [id: number, name: string, color: string][];
  flow?: Flow | null;
  size: [width: number, height: number];
  /** Of a history: the logged steps. */
  steps?: number[];
}

/** Where arrays and pictures lie in the bytes after the header. */
interface Header extends Facts {
  arrays: Record<string, { offset: number; shape: [rows: number, frames: number] }>;
  heat: Record<string, HeatHeader>;
  frames: [offset: number, length: number][];
  overlays: [offset: number, length: number][];
}

interface Recording extends Facts {}

interface Replay {
  recording: LoggedHistory;
  said: HTMLElement;
}

interface LoggedHistory {
  /** At the step that is shown. */
  marks: Marks;
  connections: LearningConnection[];
  steps: number[];
  epochs: number[];
  /** From which logged step on something is removed, and what. */
  prunings: ({ from: number } & Record<keyof Marks, string[]>)[];
}

type TableOf = { columns: string[]; rows: Cell[][] | null };
type Cell = string | number | null;

interface Panel {
  id: string;
  title: string;
  about: string;
  figure: Figure | null;
  axis: "time" | null;
  table: TableOf | null;
  pins?: { kind: Chosen["kind"]; ids: string[] }[];
  /** Name → the rows of a heat map in that order. */
  orders?: Record<string, number[]> & { index: number[] };
  least?: number;
  chain?: Chain;
  reached?: Reach;
  remark?: string;
  missing?: string;
  /** Whether Python hears of a click on a cell. */
  picks?: boolean;
}

/** The steps inside a connection's factors; arrays are base64 of float32. */
interface Chain {
  connection: string;
  source: string;
  attention: "none" | "static" | "self" | "peer";
  peers: { name: string; color: string }[];
  weight: number | null;
  frames: number[];
  channels: number[];
  /** What each channel shows; null where nothing, no names where that is not known. */
  names: (string | null)[];
  start: number;
  arrays: Record<string, { shape: number[]; data: string }>;
  left_out: string;
}

// ---- What Python tells the page on a run

/** Where a tour, a session or a report starts: settings by name, or the `query` of an address. */
type Start = { token: string; query?: string; frame?: number; [setting: string]: unknown };

interface ExplorerData {
  recording: string;
  other?: string | null;
  names?: [string, string] | null;
  replay?: boolean;
  selected: Chosen | null;
  start?: Start | null;
  about?: { clip?: string; checkpoint?: string } | null;
  pruned: boolean;
  removed: string[];
  dead: string[];
  peerOnly: string[];
  starved: string[];
}

interface PanelsData {
  /** The name of the explorer's recording; none: a chart by itself. */
  recording: string | null;
  clip: Panel[];
  selection: (Chosen & { title: string; panels: Panel[] }) | null;
}

/** Ids of connections (removed) and blocks. */
interface Marks {
  removed: Set<string>;
  dead: Set<string>;
  starved: Set<string>;
  peerOnly: Set<string>;
}

// ---- What the parts hand to one another

/** What a visitor can set; see `settings.js`. */
interface Settings {
  speed: number;
  fit: boolean;
  lines: string;
  overlay: string;
  heat: string;
  loop: string;
  connected: boolean;
  showRemoved: boolean;
  arcs: boolean;
  horizontal: boolean;
  table: boolean;
  rank: string;
  panel: string;
  present: boolean;
  side: string;
  offset: number;
  channel: string;
}

/** Settings that are a checkbox beside the graph. */
type Switch = "connected" | "showRemoved" | "arcs" | "horizontal" | "table";
type Checkbox = HTMLLabelElement & { input: HTMLInputElement };

interface Words {
  frame: string;
  window: string;
  windowMeans: string;
  shade: string;
  mark: string;
  connections: { title: string; note: string; form: "lines"; of: string };
}

/** Streamlit's, as "#rrggbb" and a CSS font. */
interface Theme {
  background: string;
  text: string;
  dark: boolean;
  faint: string;
  quiet: string;
  font: string;
}

/** A map that is asked for what it holds alone. */
interface Known<Value> extends Map<string, Value> {
  get(id: string): Value;
}

type Point = { x: number; y: number };
type Spot = [x: number, y: number];
type Box = { left: number; right: number; top: number; bottom: number };

/** A peer, the connection that it gates, and its attention weight there. */
type Gate = { peer: string; connection: Connection; readonly weight: number | null };

/** Ids of what lies on the paths through what is chosen. */
type Paths = { blocks: Set<string>; connections: Set<string> };

/** Ids of what touches what is chosen; `chosen` is a block. */
type Near = Paths & { peers: Set<string>; chosen: string | null };

/** What is drawn over the frames; a value is NaN where there is none, and a band lies between `low` and `high`. */
interface DrawnLine extends Look {
  name: string;
  width: number;
  value: (frame: number) => number;
  low?: (frame: number) => number;
  high?: (frame: number) => number;
}

/** `signed` where values lie on both sides of 0. */
type DrawnChart = Partial<ChartHeader> & { lines: DrawnLine[]; signed?: boolean };

type Said = Record<string, string | number | null | undefined>;

/** See `pieces.js`. */
interface PathPiece {
  d: string;
  path?: Path2D;
  fill?: string;
  stroke?: string;
  width?: number;
  dashes?: number[] | null;
  opacity?: number;
  data?: Said;
  text?: undefined;
  group?: undefined;
}

interface TextPiece {
  text: string;
  x: number;
  y: number;
  size: number;
  weight?: number;
  fill: string;
  anchor?: "start" | "middle" | "end";
  halo?: string;
  opacity?: number;
  data?: Said;
  group?: undefined;
}

type GroupPiece = { group: Piece[]; x: number; y: number; opacity?: undefined };
type Piece = PathPiece | TextPiece | GroupPiece;


/** What the colours and lines of a picture mean: a sample and its words. */
type Key = { text: string; pieces: Piece[]; title?: string; data?: Said };

/** A connection as it is drawn: `near` is 0 elsewhere, 1 on a path through what is shown, 2 touching it. */
interface Stroke extends PathPiece {
  id: string;
  removed: boolean;
  near: number;
  path: Path2D;
  width: number;
  casing: string | null;
  reached?: boolean;
}

/** The name of a block where it is written. */
type Label = TextPiece & { box: Box; data: { label: string } };

/** A picture to save. */
type Picture = { title: string; pieces: Piece[]; width: number; height: number };

/** A canvas' context, or `Ink` in its place. */
type Pen = Pick<
  CanvasRenderingContext2D,
  | "setLineDash" | "beginPath" | "lineTo" | "stroke" | "fill" | "fillRect" | "fillText" | "globalAlpha" | "lineWidth"
  | "font" | "textAlign" | "textBaseline"
> & { fillStyle: unknown; strokeStyle: unknown; arc(x: number, y: number, radius: number, start: number, end: number): void };

/** What `element` sets on a new element, with `data-` values and attributes by name. */
type Properties<Tag extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Tag], "dataset" | "attributes">> & {
  dataset?: Record<string, string>;
  attributes?: Record<string, string>;
};

/** What can be laid over a frame; `variant` says which of several. */
interface Overlay {
  element: HTMLElement;
  name: string;
  label: string;
  readonly variant: string;
  readonly offered: boolean;
  load(recording: Recording): void;
  decode(frame: number, arrived: (frame: number) => void): void;
  /** Whether it could be drawn: its picture may still be on its way. */
  draw(pen: CanvasRenderingContext2D, frame: number): boolean;
  explain?(): void;
}

/** One of the parts that lie in an explorer. */
interface Part {
  element: HTMLElement;
  load(recording: Recording): void;
  draw(): void;
  changed?(name: keyof Settings): void;
}

// ---- What Streamlit passes to a component

interface StreamlitComponent<Data> {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** The panels of a clip, which Python sends once for a clip and checkpoint. */
type ClipPanels = { key: string; recording: string | null; panels: Panel[] };

// ---- What stands on the page

/** What panels and reports need of an explorer. */
interface ExplorerOnPage {
  name: string;
  readonly frame: number;
  settings: Settings;
  pinned: Chosen | null;
  recording: { reached(frame: number, id: string | null): boolean };
  change<Name extends keyof Settings>(name: Name, value: Settings[Name]): void;
  seek(frame: number): void;
  pin(chosen: Chosen | null): void;
}

/** The element that an explorer fills; Streamlit's component writes into `latest` what Python last said. */
interface ExplorerRoot extends HTMLElement {
  latest: { data: ExplorerData; setStateValue(name: string, value: Chosen | null): void };
}

/** What draws a panel: plotly or the steps inside a factor; only plotly has an order and a picture. */
interface PanelContent {
  element: HTMLElement;
  draw(): void | Promise<void>;
  place(): void;
  outline(): void;
  remove(): void;
  changed?(): void;
  sort?(order: number[]): void;
  picture?(format: "svg" | "png"): Promise<BlobPart>;
}

/** The element that panels fill; `pick` tells Python which cell was clicked. */
interface PanelsRoot extends HTMLElement {
  pick(place: number | number[]): void;
}

/** Events by which an explorer tells the page that its cursor, or what is pinned, has changed. */
interface WindowEventMap {
  "peerattn-moved": CustomEvent<ExplorerOnPage>;
  "peerattn-pinned": CustomEvent<ExplorerOnPage>;
}

/** Name → the bytes of a recording. */
declare var peerattnRecordings: Map<string, Uint8Array<ArrayBuffer>> | undefined;
/** Key of the panels' component → the panels of its clip. */
declare var peerattnClipPanels: Map<string, ClipPanels> | undefined;
declare var peerattnExplorer: {
  show(root: ExplorerRoot): void;
  of(root: ExplorerRoot): ExplorerOnPage | undefined;
  named(name: string | null): ExplorerOnPage | undefined;
  remove(root: ExplorerRoot): void;
};
declare var peerattnPanels: {
  show(root: PanelsRoot, data: PanelsData): void;
  of(root: PanelsRoot): object | undefined;
  remove(root: PanelsRoot): void;
};

/** The length of the digest in front of a recording, in characters; `app/explorer/component.py` defines it. */
declare const DIGEST_LENGTH: number;

/** The text of the style sheets; `scripts.py` writes both. */
declare const STYLE: string;
declare const PANELS_STYLE: string;

// ---- vis-network and plotly, as far as they are used

interface VisItems<Item> {
  update(items: (Partial<Item> & { id: string })[]): void;
  get(): Item[];
}

type BlockColors = { background: string; border: string };

/** A block as vis-network holds it. */
interface VisNode extends Omit<GraphNode, "label"> {
  hidden: boolean;
  color: BlockColors & { highlight: BlockColors; hover: BlockColors };
  chosen: boolean;
  opacity: number;
  size: number;
  borderWidth: number;
  shapeProperties: { borderDashes: number[] | false };
}

interface VisNetwork {
  body: { edges: Record<string, { from: Point; to: Point; edgeType: { getViaNode(): Point[] | undefined } }> };
  on(event: "beforeDrawing" | "afterDrawing", hear: (pen: CanvasRenderingContext2D) => void): void;
  on(event: "dragStart", hear: () => void): void;
  on(event: "click", hear: (said: { pointer: { DOM: Point } }) => void): void;
  getNodeAt(place: Point): string | undefined;
  DOMtoCanvas(place: Point): Point;
  canvasToDOM(place: Point): Point;
  getScale(): number;
  moveTo(view: { position?: Point; scale: number; animation?: false }): void;
  setOptions(options: object): void;
  setSize(width: string, height: string): void;
  redraw(): void;
  destroy(): void;
}

declare const vis: {
  DataSet: new <Item>(items: object[]) => VisItems<Item>;
  Network: new (stage: HTMLElement, data: { nodes: VisItems<VisNode>; edges: VisItems<GraphEdge> }, options: object) => VisNetwork;
};

/** Numbers as plotly packs them, base64 of `dtype`, with "rows, columns" of a matrix. */
type PackedNumbers = { dtype: "f4" | "f8" | "i1" | "u1" | "i2" | "u2" | "i4" | "u4"; bdata: string; shape?: string };

/** A line, an area, or a heat map with its rows in `z`. */
interface PlotlyTrace {
  name: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  z: ArrayLike<number>[];
  line: { color: string; dash?: string };
  fillpattern?: { shape?: string; bgcolor: string };
  hovertemplate: string;
  text?: string[][];
}

interface PlotlyLayout {
  width?: number;
  height: number;
  margin: { l: number; r: number; t: number; b: number; autoexpand?: boolean };
  shapes?: object[];
  showlegend?: boolean;
  legend?: object;
  xaxis: { range: [number, number] };
  [name: string]: unknown;
}

/** As Python wrote it: `decoded` unpacks its arrays. */
type Figure = { data: unknown; layout: PlotlyLayout };

type PlotlyPoint = { x: number; curveNumber: number; pointNumber: number | number[] };

interface PlotElement extends HTMLDivElement {
  /** Once plotly has drawn. */
  layout: PlotlyLayout;
  on(event: "plotly_click", hear: (said: { points: PlotlyPoint[] }) => void): void;
  on(event: "plotly_relayout", hear: () => void): void;
}

declare const Plotly: {
  newPlot(plot: PlotElement, data: PlotlyTrace[], layout: object, config: object): Promise<void>;
  react(plot: PlotElement, data: PlotlyTrace[], layout: object): Promise<void>;
  relayout(plot: PlotElement, changes: object): Promise<void>;
  toImage(figure: { data: PlotlyTrace[]; layout: object }, options: object): Promise<string>;
  purge(plot: PlotElement): void;
};
