// Parts of the browser's scripts for a test: joined in this order, as `scripts.py` joins them for a page.

import { readFileSync } from "node:fs";

export const FOLDER = new URL("../../../../peerattn/figures/browser/", import.meta.url);

// What `wanted` names, from these parts; `globals` stand in for what only a page has.
export function load(parts, wanted, globals = {}) {
  const texts = parts.map((part) => readFileSync(new URL(`${part}.js`, FOLDER), "utf8"));
  const script = `"use strict";\n${texts.join("\n")}\nreturn { ${wanted.join(", ")} };`;
  return new Function(...Object.keys(globals), script)(...Object.values(globals));
}

// A connection, as a recording has it: `peers` name those whose attention weights follow.
export function connection(source, target, peers = {}, rest = {}) {
  return { id: `${source}_to_${target}`, source, target, peers: Object.keys(peers), attentionWeights: Object.values(peers), weight: 0.5, ...rest };
}

// A header and a body, as `packing.py` writes them.
export function packed(header, ...arrays) {
  const body = Buffer.concat(arrays.map((values) => Buffer.from(new Float32Array(values).buffer)));
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(text.length + (-text.length & 3)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return new Uint8Array(Buffer.concat([length, head, body])).slice();
}
