// Loads browser scripts for a test, joined in order as `scripts.py` joins them for a page.

import { readFileSync } from "node:fs";

export const FOLDER = new URL("../../../../peerattn/figures/browser/", import.meta.url);

// Returns the names `wanted` from these scripts; `globals` replace objects that only a page has.
export function load(parts, wanted, globals = {}) {
  const texts = parts.map((part) => readFileSync(new URL(`${part}.js`, FOLDER), "utf8"));
  const script = `"use strict";\n${texts.join("\n")}\nreturn { ${wanted.join(", ")} };`;
  return new Function(...Object.keys(globals), script)(...Object.values(globals));
}

// Returns a connection as in a recording; `peers` maps each peer to its attention weight.
export function connection(source, target, peers = {}, rest = {}) {
  return { id: `${source}_to_${target}`, source, target, peers: Object.keys(peers), attentionWeights: Object.values(peers), weight: 0.5, ...rest };
}

// Returns a header and a body as packed by `packing.py`.
export function packed(header, ...arrays) {
  const body = Buffer.concat(arrays.map((values) => Buffer.from(new Float32Array(values).buffer)));
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(text.length + (-text.length & 3)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return new Uint8Array(Buffer.concat([length, head, body])).slice();
}
