import { describe, expect, it } from 'vitest';
import { Marking, type AnswerPrompt } from '../../src/pieces/marking';
import { Failure } from '../../src/shared/errors';
import type { StepResult, StepTimings } from '../../src/shared/types';

const SIZE = { height: 4, width: 5 };

/** A result whose mask has as many pixels as there are prompts. */
const resultOf = (prompts: number): StepResult => ({
  ...{ maskLogits: null, classEmbed: new Float32Array(0), score: 1, label: 'cat', labelScore: 0.5 },
  ...{ isDraft: false, isCoarse: false, timings: {} as StepTimings },
  mask: { size: [4, 5], counts: [0, prompts, 20 - prompts] },
  area: prompts,
});

/** Answers with that mask, and notes what it was told. */
function answering() {
  const asked: { prompts: number; area: number | null }[] = [];
  const answer: AnswerPrompt = ({ prompts, previous }) => {
    asked.push({ prompts: prompts.length, area: previous?.area ?? null });
    return Promise.resolve(resultOf(prompts.length));
  };
  return { asked, marking: new Marking(SIZE, answer) };
}

describe('Marking', () => {
  it('answers each prompt with those before it and the result of the last', async () => {
    const { asked, marking } = answering();
    await marking.click(1, 1);
    const found = await marking.prompt([
      { kind: 'click', x: 2, y: 1, label: 0 },
      { kind: 'box', x0: 0, y0: 0, x1: 3, y1: 3 },
    ]);
    expect(asked).toEqual([
      { prompts: 1, area: null },
      { prompts: 2, area: 1 },
      { prompts: 3, area: 2 },
    ]);
    expect(found).toMatchObject({ area: 3, label: 'cat' });
  });

  it('takes prompts back and brings them again without asking', async () => {
    const { asked, marking } = answering();
    await marking.click(1, 1);
    await marking.click(2, 2);
    expect(await marking.undo()).toMatchObject({ area: 1 });
    expect(await marking.redo()).toMatchObject({ area: 2 });
    expect(await marking.undo()).toMatchObject({ area: 1 });
    expect(await marking.undo()).toBeNull();
    expect(asked).toHaveLength(2);
  });

  it('begins other objects, and goes on with one that is selected', async () => {
    const { marking } = answering();
    await marking.click(1, 1, { label: 'dog' });
    await marking.begin();
    await marking.click(3, 3);
    const [first] = marking.objects;
    await marking.select(first?.id ?? '');
    expect(await marking.click(2, 2)).toMatchObject({ area: 2, label: 'dog' });
    expect(marking.objects.map(({ found, isActive }) => [found?.label, isActive])).toEqual([
      ['dog', true],
      ['cat', false],
    ]);
  });

  it('forgets prompts that fail, all that were given together', async () => {
    const answer: AnswerPrompt = ({ prompts }) =>
      prompts.length < 3 ? Promise.resolve(resultOf(1)) : Promise.reject(new Error('lost'));
    const marking = new Marking(SIZE, answer);
    await marking.click(1, 1);
    const click = { kind: 'click', x: 2, y: 2, label: 1 } as const;
    await expect(marking.prompt([click, click])).rejects.toThrow('lost');
    expect(marking.objects[0]?.prompts).toHaveLength(1);
    expect(await marking.click(3, 3)).toMatchObject({ area: 1 });
  });

  it.each([
    ['outside the image', { kind: 'click', x: 6, y: 1, label: 1 }],
    ['without a place', { kind: 'click', label: 1 }],
    ['of an unknown kind', { kind: 'wish' }],
  ])('refuses a prompt %s', async (_, item) => {
    const { asked, marking } = answering();
    const refused = marking.prompt(item as Parameters<Marking['prompt']>[0]);
    await expect(refused).rejects.toBeInstanceOf(Failure);
    await expect(refused).rejects.toMatchObject({ detail: { kind: 'prompt' } });
    expect([asked, marking.objects]).toEqual([[], []]);
  });

  it('keeps what is asked at the same time in order', async () => {
    const { asked, marking } = answering();
    const all = await Promise.all([marking.click(1, 1), marking.click(2, 2), marking.undo()]);
    expect(all.map((found) => found?.area)).toEqual([1, 2, 1]);
    expect(asked.map(({ prompts }) => prompts)).toEqual([1, 2]);
  });
});
