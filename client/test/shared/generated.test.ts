import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generate, TARGET } from '../../scripts/generateTypes.js';

it('has the types of the schema as it is now: run `npm run types` when this fails', () => {
  expect(readFileSync(TARGET, 'utf8')).toBe(generate());
});
