import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

function page(search, origin = "http://localhost") {
  const written = [];
  const location = { origin, search, pathname: "/explore" };
  const history = { state: 7, replaceState: (...said) => written.push(said) };
  return { ...load(["explorer/settings", "explorer/address"], ["Address", "SETTINGS", "parseQuery", "parseValue"], { location, history }), written };
}

const { SETTINGS, parseQuery, parseValue } = page("");

test("an address contains the frame, and settings in the type of their defaults", () => {
  const said = parseQuery("?frame=12&speed=0.5&arcs=true&lines=level&channel=7");
  assert.deepEqual(said, { frame: 12, speed: 0.5, arcs: true, lines: "level", channel: "7" });
});

test("unknown parameters are ignored", () => {
  assert.deepEqual(parseQuery("?screen=prune&unknown=1"), {});
  assert.deepEqual(parseQuery(""), {});
});

test("a value is a number or a boolean; any other text is null", () => {
  assert.deepEqual(["true", "false", "3", "-2.5"].map(parseValue), [true, false, 3, -2.5]);
  for (const text of ["", "1e9", "0x10", "Infinity", "yes", "1 "]) assert.equal(parseValue(text), null);
});

test("only values that differ from their defaults are written, and parameters of others are kept", () => {
  const { Address, written } = page("?screen=prune&speed=4");
  const settings = { ...SETTINGS, speed: 1, lines: "share" };
  new Address({ cursor: 4, pinned: { kind: "block", id: "a b" }, settings, defaults: SETTINGS, openingFrame: 0 }).write();
  const [[state, , text]] = written;
  assert.equal(state, 7);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(text)), { screen: "prune", lines: "share", frame: "5", pin: "block a b" });
});

test("what is written is read back", () => {
  const settings = { ...SETTINGS, speed: 2, arcs: true, showRemoved: false, loop: "3-17", offset: -4 };
  const { Address, written } = page("");
  new Address({ cursor: 9, pinned: null, settings, defaults: SETTINGS, openingFrame: 0 }).write();
  const { frame, ...said } = parseQuery(written[0][2]);
  assert.equal(frame, 10);
  assert.deepEqual({ ...SETTINGS, ...said }, settings);
});

test("with only default values, the address is the path", () => {
  const { Address, written } = page("?frame=3");
  new Address({ cursor: 0, pinned: null, settings: SETTINGS, defaults: SETTINGS, openingFrame: 0 }).write();
  assert.equal(written[0][2], "/explore");
});

test("the frame is left out where the explorer opens: at the first moment", () => {
  const { Address, written } = page("");
  const explorer = { pinned: null, settings: SETTINGS, defaults: SETTINGS, openingFrame: 7 };
  for (const cursor of [7, 0]) new Address({ ...explorer, cursor }).write();
  assert.deepEqual(written.map(([, , text]) => text), ["/explore", "?frame=1"]);
});

test("a page opened from a file has no address to share", () => {
  const { Address, written } = page("?frame=3", "null");
  const address = new Address({ cursor: 0, pinned: null, settings: SETTINGS, defaults: SETTINGS });
  address.write();
  assert.deepEqual([address.read(), written], [{}, []]);
});
