// A script is its files joined in an order: each file uses names of earlier files only, so there are no circles.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Linter } from "eslint";

import { FOLDER } from "./parts.js";

const filesOf = (script) => JSON.parse(readFileSync(new URL(`tsconfig.${script}.json`, FOLDER), "utf8")).files.slice(1);
const folderOf = (file) => file.split("/")[0];

// The names that a file defines for the whole script, and the names that it uses without defining them.
function scopeOf(file) {
  const linter = new Linter();
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  const [problem] = linter.verify(text, { languageOptions: { sourceType: "script" } });
  assert.equal(problem, undefined, file);
  const { globalScope } = linter.getSourceCode().scopeManager;
  const defined = globalScope.variables.filter(({ defs }) => defs.length).map(({ name }) => name);
  return { defined, used: [...new Set(globalScope.through.map(({ identifier }) => identifier.name))] };
}

for (const script of ["explorer", "panels"]) {
  test(`the folders of the ${script} script stand one after the other`, () => {
    const folders = filesOf(script).map(folderOf).filter((folder, index, all) => folder !== all[index - 1]);
    assert.equal(new Set(folders).size, folders.length);
  });

  test(`no file of the ${script} script uses a name of a later file`, () => {
    const files = filesOf(script);
    const scopes = new Map(files.map((file) => [file, scopeOf(file)]));
    const owner = new Map(files.flatMap((file) => scopes.get(file).defined.map((name) => [name, file])));
    const upward = files.flatMap((file) =>
      scopes.get(file).used
        .filter((name) => owner.has(name) && files.indexOf(owner.get(name)) > files.indexOf(file))
        .map((name) => `${file} uses ${name} of ${owner.get(name)}`),
    );
    assert.deepEqual(upward, []);
  });
}

test("both scripts have their common folders in the same order", () => {
  const [explorer, panels] = ["explorer", "panels"].map((script) => [...new Set(filesOf(script).map(folderOf))]);
  assert.deepEqual(panels.filter((folder) => explorer.includes(folder)), explorer.filter((folder) => panels.includes(folder)));
});
