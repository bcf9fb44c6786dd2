// A clip and its trace as packed by `figures/recording.py`: header, float32 arrays, frames and their overlays.

class Recording {
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    const body = 4 + new DataView(bytes.buffer).getUint32(0, true);
    /** @type {Header} */
    const { arrays, heat, frames, overlays, ...facts } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, body)));
    Object.assign(this, facts);
    /** @type {Record<string, Float32Array>} */
    this.arrays = {};
    for (const [name, { offset, shape }] of Object.entries(arrays)) {
      this.arrays[name] = new Float32Array(bytes.buffer, body + offset, shape[0] * shape[1]);
    }
    /** @param {[offset: number, length: number][]} spans @param {string} type */
    const images = (spans, type) =>
      new FrameImages(spans.map(([offset, length]) => new Blob([bytes.subarray(body + offset, body + offset + length)], { type })));
    this.frameImages = images(frames, "image/jpeg");
    this.objectMaps = images(overlays, "image/png");
    this.flows = images(this.flow?.pictures ?? [], "image/png");
    /** @type {Record<string, HeatHeader & { levels: Uint8Array, unusualLevels: Uint8Array | null }>} */
    this.heat = {};
    for (const [id, map] of Object.entries(heat)) {
      const size = this.times.length * map.shape[0] * map.shape[1];
      /** @type {(offset: number) => Uint8Array} */
      const levels = (offset) => bytes.subarray(body + offset, body + offset + size);
      this.heat[id] = { ...map, levels: levels(map.offset), unusualLevels: map.unusual === undefined ? null : levels(map.unusual) };
    }
    this.length = this.times.length;
    this.rows = completeMap(this.connections.map(({ id }, row) => [id, row]));
    this.blockRows = completeMap(this.blocks.map(({ id }, row) => [id, row]));
    this.connectivity = new Connectivity(this);
    this.reach = widestReach(this.connections.map(({ reached }) => reached));
  }

  // The x-axis of the timeline: a number for each frame, their unit or name, and the minimum step between tick marks.
  /** @returns {{ values: number[], unit: string, name?: string, least: number }} */
  get axis() {
    return { values: this.times, unit: " s", least: 0 };
  }

  // Returns a value of a (rows, frames) array.
  /** @param {string} name @param {number} row @param {number} frame */
  at(name, row, frame) {
    return this.arrays[name][row * this.length + frame];
  }

  // Returns the index of the window that contains a frame.
  /** @param {number} frame */
  window(frame) {
    return this.windows.findIndex(({ start, stop }) => start <= frame && frame < stop);
  }

  // Whether a frame of a connection is affected by padding beyond the clip's ends; without an id, of any connection.
  /** @param {number} frame @param {string | null} [id] */
  isReached(frame, id = null) {
    return isWithinReach(id === null ? this.reach : this.connection(id).reached, frame, this.length);
  }

  get everyFrameIsReached() {
    return this.times.every((_, frame) => this.isReached(frame));
  }

  /** @param {string} id */
  connection(id) {
    return this.connections[this.rows.get(id)];
  }

  /** @param {string} id */
  block(id) {
    return this.blocks[this.blockRows.get(id)];
  }

  /** @param {GraphItem | null | undefined} selection */
  has(selection) {
    if (!selection) return false;
    return (selection.kind === "connection" ? this.rows : this.blockRows).has(selection.id);
  }

  // Returns the colour and dash pattern of a block's modality.
  /** @param {string} id */
  lookOfBlock(id) {
    return this.looks[this.block(id).lane];
  }

  dispose() {
    for (const images of [this.frameImages, this.objectMaps, this.flows]) images.dispose();
  }
}

// One image per frame, all decoded in advance so that seeking never waits. 256 frames of 320 px take 105 MB.
class FrameImages {
  /** @param {Blob[]} blobs */
  constructor(blobs) {
    this.blobs = blobs;
    this.length = blobs.length;
    /** @type {ImageBitmap[]} */
    this.bitmaps = [];
    this.started = this.closed = false;
  }

  // Returns the bitmap of a frame, or undefined until it is decoded.
  /** @param {number} frame @returns {ImageBitmap | undefined} */
  at(frame) {
    return this.bitmaps[frame];
  }

  // Decodes all images once, beginning with frame `first`, and calls `onDecoded` after each.
  /** @param {number} first @param {(frame: number) => void} onDecoded */
  decode(first, onDecoded) {
    if (this.started) return;
    this.started = true;
    const order = this.blobs.map((_, index) => (first + index) % this.length);
    for (const frame of order) {
      createImageBitmap(this.blobs[frame], { colorSpaceConversion: "none" }).then((bitmap) => {
        if (this.closed) {
          bitmap.close();
          return;
        }
        this.bitmaps[frame] = bitmap;
        onDecoded(frame);
      });
    }
  }

  dispose() {
    this.closed = true;
    for (const bitmap of this.bitmaps) bitmap?.close();
    this.bitmaps = [];
  }
}
