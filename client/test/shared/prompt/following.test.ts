import { describe, expect, it } from 'vitest';
import { followingPrompts } from '../../../src/shared/prompt/following';
import type { CocoRle, PromptItem } from '../../../src/shared/types';
import { readJson } from '../../vectors';

const { cases } = readJson('vectors/following.json') as {
  readonly cases: readonly {
    readonly name: string;
    readonly mask: CocoRle;
    readonly prompts: readonly PromptItem[] | null;
  }[];
};

describe('what the next frame is asked', () => {
  it.each(cases)('is that of Python: $name', ({ mask, prompts }) => {
    expect(followingPrompts(mask)).toEqual(prompts);
  });
});
