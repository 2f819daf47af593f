import { describe, expect, it } from 'vitest';
import { nameOf, rankedNames, type Vocabulary } from '../../../src/shared/model/naming';

const vocabulary: Vocabulary = {
  names: ['cat', 'dog', 'clock'],
  classMatrix: new Float32Array([1, 0, 0.6, 0.8, 0, -1]),
};

describe('names of an object', () => {
  it('is the nearest in direction, whatever the length', () => {
    for (const length of [0.1, 1, 30]) {
      const { label, labelScore } = nameOf(new Float32Array([length, 0]), vocabulary, 20);
      expect(label).toBe('cat');
      expect(labelScore).toBeCloseTo(1 / (1 + Math.exp(-8) + Math.exp(-20)), 5);
    }
  });

  it('are ranked by nearness', () => {
    expect(rankedNames(new Float32Array([0.5, 0.9]), vocabulary)).toEqual(['dog', 'cat', 'clock']);
  });

  it('are none without a vocabulary', () => {
    expect(nameOf(new Float32Array([1, 0]), null, 20)).toEqual({ label: null, labelScore: null });
    expect(nameOf(new Float32Array([1, 0]), { names: [], classMatrix: new Float32Array() }, 20).label).toBe(
      null,
    );
  });
});
