import { describe, expect, it } from 'vitest';
import type { Texts } from '../../src/api/texts';
import type { DecoderBridge } from '../../src/bridge/decoder';
import { MarkedImage } from '../../src/pieces/connect';
import { LoadedDecoder } from '../../src/pieces/loadedDecoder';
import type { StepArgs } from '../../src/shared/messages';
import { WORKER_STAGES } from '../../src/shared/stages';

const MASK = { size: [10, 20], counts: [0, 30, 170] } as const;
const LOGITS = { height: 3, width: 5, data: new Float32Array(15) };
const INFO = {
  ...{ fingerprint: 'f', regionRules: { box: 'corners', polygon: 'outline' }, maxPoints: 512, logitScale: 1 },
  vocabulary: { names: ['cat', 'dog'], classMatrix: Float32Array.of(1, 0, 0, 1) },
};

/** An image of a worker that answers the same to everything; what it and the server were asked. */
function marked() {
  const steps: StepArgs[] = [];
  const asked: (readonly string[])[] = [];
  const answers: Readonly<Record<string, (args: StepArgs) => unknown>> = {
    load: () => INFO,
    open: () => ({}),
    step: (args) => {
      steps.push(args);
      const timings = Object.fromEntries(WORKER_STAGES.map((stage) => [stage, 1]));
      return {
        mask: MASK,
        area: 30,
        score: 1,
        maskLogits: LOGITS,
        classEmbed: Float32Array.of(0, 2),
        timings,
      };
    },
  };
  const call = (name: string, args: StepArgs) => Promise.resolve(answers[name]?.(args));
  const bridge = { call, terminate: () => undefined } as unknown as DecoderBridge;
  const texts = {
    encode: (words: readonly string[]) => {
      asked.push(words);
      return Promise.resolve(
        words.map(() => ({ tokens: new Float32Array(2), sentence: new Float32Array(1) })),
      );
    },
  } as unknown as Texts;
  const image = new MarkedImage({
    ...{ key: 'k', file: new Blob([]), size: { height: 10, width: 20 }, texts },
    opened: { id: 'image-1', bytes: new ArrayBuffer(0), photo: null },
    decoder: new LoadedDecoder(bridge, { modelUrl: '/v1/model', threads: null }),
  });
  return { image, steps, asked };
}

describe('MarkedImage', () => {
  it('gives the memory of a step to the next, and names the mask', async () => {
    const { image, steps } = marked();
    expect(await image.click(3, 4)).toMatchObject({ mask: MASK, area: 30, label: 'dog' });
    await image.click(5, 6, { positive: false });
    expect(steps.map(({ memory }) => memory)).toEqual([null, LOGITS]);
    expect(steps[1]?.points).toEqual([
      { x: 3, y: 4, label: 1 },
      { x: 5, y: 6, label: 0 },
    ]);
  });

  it('asks for the vectors of a word once', async () => {
    const { image, steps, asked } = marked();
    await image.prompt({ kind: 'text', text: 'cat' });
    await image.click(3, 4);
    await image.begin();
    await image.prompt([
      { kind: 'text', text: 'cat' },
      { kind: 'text', text: 'tail' },
    ]);
    expect(asked).toEqual([['cat'], ['tail']]);
    expect(steps.map(({ texts }) => texts.length)).toEqual([1, 1, 1, 2]);
  });

  it('paints without asking, and tells the next step', async () => {
    const { image, steps } = marked();
    await image.click(3, 4);
    const painted = await image.prompt({ kind: 'paint', points_xy: [[15, 5]], radius: 2, label: 1 });
    expect(painted.area).toBeGreaterThan(30);
    expect(steps).toHaveLength(1);
    await image.click(1, 1);
    expect(steps[1]?.painted).toEqual(painted.mask);
    expect(steps[1]?.strokes).toHaveLength(1);
  });
});
