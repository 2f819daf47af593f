/**
 * Prints how many colours of classes look alike: the pairs among 10, 20, 40 and 80 names by their names alone, and once
 * they were told apart. Mean of 100 lists.
 *
 *     node scripts/closeColours.js
 */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const LISTS = 100;

/** @typedef {readonly [number, number, number]} Triple */
/** @typedef {Readonly<Record<string, string>>} Colours */

/** @param {string} name */
const pathOf = (name) => fileURLToPath(new URL(`../src/canvas/${name}.ts`, import.meta.url));

/** @type {{ module: { classColour: (name: string, chosen: Colours) => Triple } }} */
const { module: palette } = await runnerImport(pathOf('palette'), { logLevel: 'error' });
/**
 * @type {{ module: {
 *   ALIKE: number, distanceOf: (a: Triple, b: Triple) => number, toLab: (rgb: Triple) => Triple,
 *   toldApart: (names: string[], chosen: Colours) => Colours
 * } }}
 */
const { module: distinct } = await runnerImport(pathOf('distinct'), { logLevel: 'error' });
const { classColour } = palette;
const { ALIKE, distanceOf, toLab, toldApart } = distinct;

/** @param {string[]} names @param {Colours} chosen */
function alike(names, chosen) {
  const colours = names.map((name) => toLab(classColour(name, chosen)));
  return colours.reduce(
    (pairs, colour, index) =>
      pairs + colours.slice(0, index).filter((other) => distanceOf(colour, other) < ALIKE).length,
    0,
  );
}

console.log('names   pairs alike by name   lists with one   once told apart   colours given');
for (const count of [10, 20, 40, 80]) {
  const sums = { byName: 0, lists: 0, apart: 0, given: 0 };
  for (let list = 0; list < LISTS; list++) {
    const names = Array.from({ length: count }, (_, index) => `name ${list * count + index} of ${count}`);
    const byName = alike(names, {});
    const colours = toldApart(names, {});
    sums.byName += byName;
    sums.lists += Number(byName > 0);
    sums.apart += alike(names, colours);
    sums.given += Object.keys(colours).length;
  }
  const [byName, apart, given] = [sums.byName, sums.apart, sums.given].map((sum) => (sum / LISTS).toFixed(2));
  const percent = `${Math.round((100 * sums.lists) / LISTS)} %`;
  console.log(
    [String(count).padStart(5), byName?.padStart(22), percent.padStart(17)].join(''),
    apart?.padStart(17),
    given?.padStart(15),
  );
}
