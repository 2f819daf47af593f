/** Python shares masks alike: both are held to one file of vectors. */
import { expect, it } from 'vitest';
import { toggleLock } from '../../src/session/marks';
import { setOverlap } from '../../src/session/classes';
import { masksOf } from '../../src/session/overlap';
import { activeImageOf, EMPTY_SESSION, type ImageDocument, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { stepResult } from '../samples';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly overlap: 'gives-way' | 'eats' | null;
  readonly locked: readonly boolean[];
  readonly masks: readonly (readonly number[])[];
  readonly apart: readonly (readonly number[])[];
}

const { cases } = readJson('vectors/overlap.json') as { readonly cases: readonly Case[] };

function documentOf(session: Session): ImageDocument {
  const document = activeImageOf(session)?.document;
  if (document === undefined) throw new Error('no photo');
  return document;
}

function sessionOf({ size, overlap, locked, masks }: Case): Session {
  const [height, width] = size;
  const opened = change.openImage(EMPTY_SESSION, 'a.jpg', { height, width });
  const given = masks.reduce((session, counts) => {
    const prompted = change.addPrompt(change.newObject(session), { kind: 'mask', size, counts }, 0);
    const step = documentOf(prompted).objects.at(-1)?.steps[0]?.id ?? '';
    const result = { ...stepResult({ fill: 0, size: { height, width } }), mask: { size, counts } };
    return change.recordResult(prompted, step, result);
  }, opened);
  const ids = documentOf(given).objects.filter((_, index) => locked[index]);
  return setOverlap(
    ids.reduce((session, { id }) => toggleLock(session, id), given),
    overlap ?? 'allowed',
  );
}

it.each(cases)('$name', (one) => {
  const session = sessionOf(one);
  const document = documentOf(session);
  const masks = masksOf(session, document);
  expect(document.objects.map(({ id }) => masks.get(id)?.counts)).toEqual(one.apart);
});
