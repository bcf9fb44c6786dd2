// One clip as `figures/recording.py` packs it: header facts, float32 arrays, frames and what lies over them.

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
    /** @param {[offset: number, length: number][]} places @param {string} type */
    const pictures = (places, type) =>
      new Pictures(places.map(([offset, length]) => new Blob([bytes.subarray(body + offset, body + offset + length)], { type })));
    this.pictures = pictures(frames, "image/jpeg");
    this.objectMaps = pictures(overlays, "image/png");
    this.flows = pictures(this.flow?.pictures ?? [], "image/png");
    /** @type {Record<string, HeatHeader & { levels: Uint8Array }>} */
    this.heat = {};
    for (const [id, map] of Object.entries(heat)) {
      const [start, size] = [body + map.offset, this.times.length * map.shape[0] * map.shape[1]];
      this.heat[id] = { ...map, levels: bytes.subarray(start, start + size) };
    }
    this.length = this.times.length;
    this.rows = mapOf(this.connections.map(({ id }, row) => [id, row]));
    this.blockRows = mapOf(this.blocks.map(({ id }, row) => [id, row]));
    this.ties = new Ties(this);
    this.reach = widest(this.connections.map(({ reached }) => reached));
  }

  // The numbers under the lines, a frame each, their unit and the least that two marks lie apart.
  /** @returns {{ values: number[], unit: string, least: number }} */
  get axis() {
    return { values: this.times, unit: " s", least: 0 };
  }

  // Value of a (rows, frames) array.
  /** @param {string} name @param {number} row @param {number} frame */
  at(name, row, frame) {
    return this.arrays[name][row * this.length + frame];
  }

  /** @param {number} frame */
  window(frame) {
    return this.windows.findIndex(({ start, stop }) => start <= frame && frame < stop);
  }

  // Whether an end of the clip reaches a frame: of a connection, else of any.
  /** @param {number} frame @param {string | null} [id] */
  reached(frame, id = null) {
    return isReached(id === null ? this.reach : this.connection(id).reached, frame, this.length);
  }

  get whollyReached() {
    return this.times.every((_, frame) => this.reached(frame));
  }

  /** @param {string} id */
  connection(id) {
    return this.connections[this.rows.get(id)];
  }

  /** @param {string} id */
  block(id) {
    return this.blocks[this.blockRows.get(id)];
  }

  /** @param {Chosen | null | undefined} selection */
  has(selection) {
    if (!selection) return false;
    return (selection.kind === "connection" ? this.rows : this.blockRows).has(selection.id);
  }

  /** @param {string} block */
  into(block) {
    return this.ties.into(block);
  }

  /** @param {string} block */
  outOf(block) {
    return this.ties.outOf(block);
  }

  // Between the frames: greatest minus least mean attention factor of a connection.
  /** @param {string} id */
  change(id) {
    const row = this.rows.get(id);
    const values = this.arrays.shade.subarray(row * this.length, (row + 1) * this.length);
    return values.reduce((most, value) => Math.max(most, value), -Infinity) - values.reduce((least, value) => Math.min(least, value), Infinity);
  }

  // The mean attention factor of a connection at a frame, as a viridis colour.
  /** @param {string} id @param {number} frame */
  color(id, frame) {
    return shadeColor(this.viridis, this.at("shade", this.rows.get(id), frame));
  }

  // The line of the timeline that a connection's source belongs to, with its colour and dash.
  /** @param {string} id */
  lookOfBlock(id) {
    return this.looks[this.block(id).lane];
  }

  dispose() {
    for (const pictures of [this.pictures, this.objectMaps, this.flows]) pictures.dispose();
  }
}

// One picture a frame, all decoded ahead: a seek draws at once what it names. 256 frames of 320 px take 105 MB.
class Pictures {
  /** @param {Blob[]} blobs */
  constructor(blobs) {
    this.blobs = blobs;
    this.length = blobs.length;
    /** @type {ImageBitmap[]} */
    this.bitmaps = [];
    this.started = this.closed = false;
  }

  // The bitmap of a frame, or nothing while it is being decoded.
  /** @param {number} frame @returns {ImageBitmap | undefined} */
  at(frame) {
    return this.bitmaps[frame];
  }

  // Decodes them all once, a frame's own first; `arrived` hears of each.
  /** @param {number} first @param {(frame: number) => void} arrived */
  decode(first, arrived) {
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
        arrived(frame);
      });
    }
  }

  dispose() {
    this.closed = true;
    for (const bitmap of this.bitmaps) bitmap?.close();
    this.bitmaps = [];
  }
}
