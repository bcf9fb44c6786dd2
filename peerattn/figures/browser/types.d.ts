// The types of the data that Python packs, that the scripts exchange, and that the page provides. Only the type checker
// reads this file.

// ---- What Python packs: `figures/recording.py`, `figures/replay.py`, `figures/panels.py`, `figures/factor_steps.py`

/** A block by its id or a connection by its key. */
type GraphItem = { kind: "block" | "connection"; id: string };

/** The number of frames at the start and at the end that are affected by padding beyond the clip's ends. */
type Reach = [start: number, end: number];

/** A range of frames: the first frame, and the frame after the last one. */
type FrameRange = [first: number, stop: number];

/** A CSS colour "#rrggbb", and a dash pattern in canvas pixels (empty: solid). */
type Look = { color: string; pattern: number[] };

interface Connection {
  id: string;
  source: string;
  target: string;
  /** Null if the connection has no weight, and so counts fully. */
  weight: number | null;
  attention: string;
  channels: number;
  peers: string[];
  /** One for each peer; null if the connection has been pruned at this step of training. */
  attentionWeights: (number | null)[];
  /** Absent or null if it was not recorded. */
  reached?: Reach | null;
  /** The frames in which its shift comes from the clip, not from beyond its ends. */
  shows?: FrameRange;
  /** The median of its shift over the clip; null if there is none. */
  usualShift?: number | null;
}

/** `first` is the row of its first peer in the array `attention`; `weighted` tells whether it has a connection weight. */
interface LoggedConnection extends Connection {
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
  /** What the block reads beyond the clip's ends, in words. */
  ends: string;
}

/** A window of a clip with its most probable classes, or an interval between two prunings with a `name` and `span`. */
interface ClipWindow {
  start: number;
  stop: number;
  classes: [name: string, probability: number][];
  name?: string;
  span?: string;
}

/** pyvis' node, in graph units. */
type GraphNode = { id: string; x: number; y: number; shape: string; label: string };

/** pyvis' edge; `width` in pixels. */
type GraphEdge = { id: string; width: number };

interface ChartHeader {
  title: string;
  note: string;
  form: "lines" | "areas";
  /** The array (a row for each connection) from which a line of the focused connection is added, or null. */
  of: string | null;
  most?: number;
  remark?: string;
}

interface HeatHeader {
  offset: number;
  shape: [height: number, width: number];
  /** The values of the first and last level. */
  range: [number, number];
  /** Where the levels begin that compare the map with what is usual, if that is known. */
  unusual?: number;
}

interface Flow {
  pictures: [offset: number, length: number][];
  /** A colour for each direction, and the number of strengths of each colour. */
  hues: string[];
  strengths: number;
  /** The width of the network's input, px. */
  width: number;
  /** The nominal step in seconds, if it is known. */
  step?: number | null;
  /** px per nominal step: at which the colour is at full strength, and the maximum of the clip. */
  full: number;
  greatest: number;
}

/** How a person's joints are drawn: pairs of joints that a line connects, and the least score of a joint. */
interface SkeletonFacts {
  limbs: [from: number, to: number][];
  sure: number;
}

/** The header of a recording without the positions of its arrays and images. */
interface RecordingFacts {
  graph: { nodes: GraphNode[]; edges: GraphEdge[]; options: { edges: { smooth: object } } };
  /** Line widths of connections with weight 0 and 1, px. */
  widths: [thin: number, thick: number];
  /** The distance between levels, and between the blocks of a level, in graph units. */
  row: number;
  column: number;
  lanes: [name: string, left: number, right: number][];
  looks: Record<string, Look>;
  viridis: string[];
  /** The shift of attention with the strongest colour, and colours from 0 to it. Absent in a training history. */
  shift?: { most: number; light: string[]; dark: string[] };
  times: number[];
  end: number;
  windows: ClipWindow[];
  /** Where attention shifts most, the strongest first, with a description; absent in a training history. */
  moments?: { frame: number; text: string }[];
  momentsRemark?: string;
  /** The number of clips over which it was measured what is usual. */
  usualClips?: number;
  charts: Record<string, ChartHeader & { lines: (Look & { name: string; label?: string; connections?: number | null })[] }>;
  /** Connections and blocks of the layout that the trace does not have. */
  absent: string[];
  connections: Connection[];
  blocks: Block[];
  objects: [id: number, name: string, color: string][];
  flow?: Flow | null;
  skeleton?: SkeletonFacts;
  size: [width: number, height: number];
  /** The logged steps of a training history. */
  steps?: number[];
}

/** The header of a recording, with the positions of its arrays and images in the bytes that follow. */
interface Header extends RecordingFacts {
  arrays: Record<string, { offset: number; shape: [rows: number, frames: number] }>;
  heat: Record<string, HeatHeader>;
  frames: [offset: number, length: number][];
  overlays: [offset: number, length: number][];
}

interface Recording extends RecordingFacts {}

interface Replay {
  recording: LoggedHistory;
  stepText: HTMLElement;
}

interface LoggedHistory {
  /** The marks at the step that is shown. */
  marks: Marks;
  connections: LoggedConnection[];
  steps: number[];
  epochs: number[];
  /** The index of the logged step after each pruning, and what is removed from then on. */
  prunings: ({ from: number } & Record<keyof Marks, string[]>)[];
}

/** `columns` are the names in the CSV, `titles` those on the page. */
type PanelTableData = { columns: string[]; titles: string[]; rows: Cell[][] | null };
type Cell = string | number | null;

interface Panel {
  id: string;
  title: string;
  about: string;
  figure: Figure | null;
  axis: "time" | null;
  table: PanelTableData | null;
  pins?: { kind: GraphItem["kind"]; ids: string[] }[];
  /** Name of an order → the rows of a heat map in that order. */
  orders?: Record<string, number[]> & { index: number[] };
  least?: number;
  chain?: FactorStepsData;
  reached?: Reach;
  remark?: string;
  missing?: string;
  /** Whether clicks on cells are reported to Python. */
  picks?: boolean;
}

/** The steps inside a connection's factors; arrays are base64 of float32. */
interface FactorStepsData {
  connection: string;
  source: string;
  attention: "none" | "static" | "self" | "peer";
  peers: { name: string; color: string }[];
  weight: number | null;
  frames: number[];
  channels: number[];
  /** The content of each channel, null if it is empty; the list is empty if the contents are unknown. */
  names: (string | null)[];
  start: number;
  arrays: Record<string, { shape: number[]; data: string }>;
  left_out: string;
}

// ---- What Python sends to the page on each run

/** Where a tour, saved session or report starts: settings by name, or the `query` of an address. */
type Start = { token: string; query?: string; frame?: number; [setting: string]: unknown };

interface ExplorerData {
  recording: string;
  other?: string | null;
  names?: [string, string] | null;
  replay?: boolean;
  selected: GraphItem | null;
  start?: Start | null;
  about?: { clip?: string; checkpoint?: string } | null;
  /** Set if a part is left out in B, in these frames (null: in all), and the visitor can choose others. */
  leftOut?: { frames: FrameRange | null } | null;
  pruned: boolean;
  removed: string[];
  dead: string[];
  peerOnly: string[];
  starved: string[];
}

interface PanelsData {
  /** The name of the explorer's recording; null for a single chart without an explorer. */
  recording: string | null;
  clip: Panel[];
  selection: (GraphItem & { title: string; panels: Panel[] }) | null;
}

/** Ids of connections (removed) and blocks. */
interface Marks {
  removed: Set<string>;
  dead: Set<string>;
  starved: Set<string>;
  peerOnly: Set<string>;
}

// ---- What the scripts exchange

/** The settings that a visitor can change; see `explorer/settings.js`. */
interface Settings {
  speed: number;
  fit: boolean;
  lines: string;
  overlay: string;
  rawHeat: boolean;
  heat: string;
  loop: string;
  colour: string;
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

/** Settings with a checkbox above the graph. */
type GraphToggle = "connected" | "showRemoved" | "arcs" | "horizontal" | "table";
type Checkbox = HTMLLabelElement & { input: HTMLInputElement };

interface Words {
  frame: string;
  window: string;
  /** What the dotted vertical lines of the timeline mark. */
  boundary: string;
  windowMeans: string;
  shade: string;
  mark: string;
  connections: { title: string; note: string; form: "lines"; of: string };
}

/** Streamlit's theme: colours "#rrggbb" and a CSS font. */
interface Theme {
  background: string;
  text: string;
  dark: boolean;
  faint: string;
  quiet: string;
  font: string;
}

/** A map whose `get` is only called with keys that it holds. */
interface CompleteMap<Value> extends Map<string, Value> {
  get(id: string): Value;
}

type Point = { x: number; y: number };
type XY = [x: number, y: number];
type Box = { left: number; right: number; top: number; bottom: number };

/** A peer, the connection that it gates, and its attention weight for this connection. */
type Gate = { peer: string; connection: Connection; readonly weight: number | null };

/** Blocks and connections on paths through a block or connection, by id. */
type Paths = { blocks: Set<string>; connections: Set<string> };

/** What is adjacent to a block or connection, by id; `selectedBlock` is the block itself, or null for a connection. */
type Neighbourhood = Paths & { peers: Set<string>; selectedBlock: string | null };

/** A line over the frames, NaN where there is no value; `low` and `high` are the limits of a band around it. */
interface ChartLine extends Look {
  name: string;
  /** Shown in place of the name. */
  label?: string;
  /** The number of connections over which the line is a mean. */
  connections?: number | null;
  width: number;
  value: (frame: number) => number;
  low?: (frame: number) => number;
  high?: (frame: number) => number;
}

/** `signed` charts have values on both sides of 0. */
type ChartData = Partial<ChartHeader> & { lines: ChartLine[]; signed?: boolean };

type DataAttributes = Record<string, string | number | null | undefined>;

/** See `drawing/pieces.js`. */
interface PathPiece {
  d: string;
  path?: Path2D;
  fill?: string;
  stroke?: string;
  width?: number;
  dashes?: number[] | null;
  opacity?: number;
  data?: DataAttributes;
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
  data?: DataAttributes;
  group?: undefined;
}

type GroupPiece = { group: Piece[]; x: number; y: number; opacity?: undefined };
type Piece = PathPiece | TextPiece | GroupPiece;


/** An entry of a legend: a sample and its meaning. */
type LegendEntry = { text: string; pieces: Piece[]; title?: string; data?: DataAttributes };

/** A connection as it is drawn: `emphasis` is 0 for an unrelated one, 1 on a path through the focus, 2 adjacent to it. */
interface Stroke extends PathPiece {
  id: string;
  removed: boolean;
  /** Whether its weight is low, and nobody asked for it. */
  faint: boolean;
  emphasis: number;
  path: Path2D;
  width: number;
  casing: string | null;
  reached?: boolean;
}

/** The label of a block at its position. */
type Label = TextPiece & { box: Box; data: { label: string } };

/** A picture to be saved. */
type Picture = { title: string; pieces: Piece[]; width: number; height: number };

/** A canvas' context, or a `PiecePen` instead. */
type Pen = Pick<
  CanvasRenderingContext2D,
  | "setLineDash" | "beginPath" | "lineTo" | "stroke" | "fill" | "fillRect" | "fillText" | "globalAlpha" | "lineWidth"
  | "font" | "textAlign" | "textBaseline"
> & { fillStyle: unknown; strokeStyle: unknown; arc(x: number, y: number, radius: number, start: number, end: number): void };

/** The properties that `element` sets on a new element, its data attributes, and other attributes by name. */
type Properties<Tag extends keyof HTMLElementTagNameMap> = Partial<Omit<HTMLElementTagNameMap[Tag], "dataset" | "attributes">> & {
  dataset?: Record<string, string>;
  attributes?: Record<string, string>;
};

/** An overlay of the frames; `variant` distinguishes several of the same name. */
interface Overlay {
  element: HTMLElement;
  name: string;
  label: string;
  readonly variant: string;
  readonly available: boolean;
  load(recording: Recording): void;
  decode(frame: number, onDecoded: (frame: number) => void): void;
  /** Draws the overlay and returns true, or returns false if its image is not decoded yet. */
  draw(pen: CanvasRenderingContext2D, frame: number): boolean;
  updateLegend?(): void;
}

/** A part of an explorer. */
interface ExplorerPart {
  element: HTMLElement;
  load(recording: Recording): void;
  draw(): void;
  settingChanged?(name: keyof Settings): void;
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

// ---- What the page provides

/** The interface of an explorer for panels and reports. */
interface ExplorerOnPage {
  name: string;
  readonly frame: number;
  settings: Settings;
  pinned: GraphItem | null;
  recording: { isReached(frame: number, id: string | null): boolean };
  changeSetting<Name extends keyof Settings>(name: Name, value: Settings[Name]): void;
  seek(frame: number): void;
  pin(chosen: GraphItem | null): void;
}

/** The element that an explorer fills; `latest` contains the latest data from Python. */
interface ExplorerRoot extends HTMLElement {
  latest: {
    data: ExplorerData;
    setStateValue(name: string, value: GraphItem | null): void;
    setTriggerValue(name: string, value: number[]): void;
  };
}

/** The content of a panel: a plotly chart or the steps inside a factor. Only a chart can be sorted and saved. */
interface PanelContent {
  element: HTMLElement;
  draw(): void | Promise<void>;
  moveCursor(): void;
  outlineSelection(): void;
  remove(): void;
  settingChanged?(): void;
  sort?(order: number[]): void;
  picture?(format: "svg" | "png"): Promise<BlobPart>;
}

/** The element that panels fill; `pick` reports a clicked cell to Python. */
interface PanelsRoot extends HTMLElement {
  pick(cell: number | number[]): void;
}

/** Events that an explorer dispatches when its cursor or its pinned part has changed. */
interface WindowEventMap {
  "peerattn-moved": CustomEvent<ExplorerOnPage>;
  "peerattn-pinned": CustomEvent<ExplorerOnPage>;
}

/** Name of a recording → its bytes. */
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
  showBare(root: HTMLElement, figure: Figure): void;
  removeBare(root: HTMLElement): void;
};

/** The length of the digest in front of a recording, in characters; `app/explorer/component.py` defines it. */
declare const DIGEST_LENGTH: number;

/** The text of the style sheets; `scripts.py` defines both. */
declare const STYLE: string;
declare const PANELS_STYLE: string;

// ---- The parts of vis-network and plotly that are used

interface VisItems<Item> {
  update(items: (Partial<Item> & { id: string })[]): void;
  get(): Item[];
}

type BlockColors = { background: string; border: string };

/** A block in vis-network. */
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
  on(event: "beforeDrawing" | "afterDrawing", listener: (pen: CanvasRenderingContext2D) => void): void;
  on(event: "dragStart", listener: () => void): void;
  on(event: "click", listener: (event: { pointer: { DOM: Point } }) => void): void;
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

/** An array as packed by plotly, in base64 of `dtype`; `shape` is "rows, columns" of a matrix. */
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

/** A figure as packed by Python; `unpackArrays` unpacks its arrays. */
type Figure = { data: unknown; layout: PlotlyLayout };

type PlotlyPoint = { x: number; curveNumber: number; pointNumber: number | number[] };

interface PlotElement extends HTMLDivElement {
  /** Defined once plotly has drawn. */
  layout: PlotlyLayout;
  on(event: "plotly_click", listener: (event: { points: PlotlyPoint[] }) => void): void;
  on(event: "plotly_relayout", listener: () => void): void;
}

declare const Plotly: {
  newPlot(plot: PlotElement, data: PlotlyTrace[], layout: object, config: object): Promise<void>;
  react(plot: PlotElement, data: PlotlyTrace[], layout: object, config?: object): Promise<void>;
  relayout(plot: PlotElement, changes: object): Promise<void>;
  toImage(figure: { data: PlotlyTrace[]; layout: object }, options: object): Promise<string>;
  purge(plot: PlotElement): void;
};
