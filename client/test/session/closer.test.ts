import { describe, expect, it } from 'vitest';
import { partAround, partAroundSelected } from '../../src/session/closer';
import { grownTo, sharpenSelected } from '../../src/session/parts';
import { EMPTY_SESSION, pendingSteps, type Part } from '../../src/session/state';
import { addPrompt, openImage, recordResult } from '../../src/session/transitions';
import { rowOf } from '../../src/shared/prompt/kinds';
import type { PromptItem } from '../../src/shared/types';
import { click, stepResult } from '../samples';
import { readJson } from '../vectors';

interface Case {
  readonly name: string;
  readonly prompts: readonly PromptItem[];
}

const { size, around, grown } = readJson('vectors/closer.json') as {
  readonly size: readonly [number, number];
  readonly around: readonly (Case & { readonly mask: readonly number[]; readonly part: Part | null })[];
  readonly grown: readonly (Case & { readonly part: Part; readonly grown: Part })[];
};
const SIZE = { height: size[0], width: size[1] };

describe('the part around an object', () => {
  it.each(around)('is that of Python: $name', ({ mask, prompts, part }) => {
    expect(partAround({ size, counts: [...mask] }, prompts, SIZE)).toEqual(part);
  });

  it.each(grown)('grows as in Python: $name', ({ part, prompts, grown: expected }) => {
    const places = prompts.flatMap((prompt) => rowOf(prompt).places(prompt));
    expect(grownTo(part, places, SIZE)).toEqual(expected);
  });

  it('is that of the selected object, once it is answered, and until it has one', () => {
    const photo = { height: 400, width: 600 };
    const given = addPrompt(openImage(EMPTY_SESSION, 'a.png', photo), click(12, 8), 1, null, null);
    expect(partAroundSelected(given)).toBeNull();
    const [pending] = pendingSteps(given, () => true);
    const result = stepResult({ fill: 9, size: photo });
    const answered = recordResult(given, pending?.step.id ?? '', result);
    const part = partAroundSelected(answered);
    expect(part).toEqual(partAround(result.mask, [click(12, 8)], photo));
    expect(part).not.toBeNull();
    expect(partAroundSelected(sharpenSelected(answered, part ?? [0, 0, 1, 1]))).toBeNull();
  });
});
