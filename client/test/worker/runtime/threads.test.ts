import { expect, it } from 'vitest';
import { chooseThreads } from '../../../src/worker/runtime/ortSession';

it.each([
  ['not isolated', false, 8, null, 1, 'page not cross-origin isolated'],
  ['one core', true, 1, null, 1, 'of one core; there is no other'],
  ['two cores', true, 2, null, 1, 'of 2 cores; the rest is left to the page'],
  ['eight cores', true, 8, null, 4, 'of 8 cores'],
  ['many cores', true, 64, null, 4, 'of 64 cores'],
  ['asked for', true, 2, 2, 2, 'as the address asks'],
  ['asked for without isolation', false, 2, 2, 1, 'page not cross-origin isolated'],
] as const)('%s', (_, crossOriginIsolated, hardwareConcurrency, wanted, threads, note) => {
  const chosen = chooseThreads({ crossOriginIsolated, hardwareConcurrency, wanted });
  expect(chosen).toEqual({ threads, note });
});
