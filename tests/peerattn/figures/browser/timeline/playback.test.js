import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { Playback } = load(["timeline/playback"], ["Playback"]);

function playback(loop = "", length = 20) {
  const settings = { loop };
  return new Playback({ settings, recording: { length }, changeSetting: (name, value) => (settings[name] = value) });
}

test("a loop is read from its setting, which counts frames from 1", () => {
  assert.deepEqual(playback("3-17").loop, [2, 16]);
  assert.deepEqual(playback("1-20").loop, [0, 19]);
});

test("an invalid loop setting means no loop", () => {
  for (const text of ["", "3", "17-3", "5-5", "0-4", "3-21", "a-b", " 3-17"]) assert.equal(playback(text).loop, null, text);
});

test("frames in either order make a loop, within the clip; fewer than two make none", () => {
  const player = playback();
  for (const [frames, said] of [[[2, 16], "3-17"], [[16, 2], "3-17"], [[-5, 99], "1-20"], [[4, Infinity], "5-20"], [[4, 4], ""], [null, ""]]) {
    player.loop = frames;
    assert.equal(player.explorer.settings.loop, said);
  }
});

test("without a loop the whole clip is played", () => {
  assert.deepEqual(playback().span, [0, 19]);
  assert.deepEqual(playback("3-17").span, [2, 16]);
});

test("the other end of a loop moves to the end of the clip if it would be on the wrong side", () => {
  const player = playback("3-17");
  player.loopFrom(5);
  assert.deepEqual(player.loop, [5, 16]);
  player.loopFrom(18);
  assert.deepEqual(player.loop, [18, 19]);
  player.loopTo(9);
  assert.deepEqual(player.loop, [0, 9]);
  player.loopTo(4);
  assert.deepEqual(player.loop, [0, 4]);
});
