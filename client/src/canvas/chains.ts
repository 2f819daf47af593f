import type { Edge } from './maskGrid';

type Corner = readonly [x: number, y: number];

/** Larger than any coordinate of a grid. */
const SIDE = 2 ** 20;

const keyOf = ([x, y]: Corner): number => x * SIDE + y;

/** Edges joined end to end, so that dashes run along them: the corners of closed lines. Pure. */
export function chainsOf(edges: readonly Edge[]): readonly (readonly Corner[])[] {
  const meeting = new Map<number, number[]>();
  edges.forEach(([x0, y0, x1, y1], index) => {
    for (const key of [keyOf([x0, y0]), keyOf([x1, y1])]) {
      const others = meeting.get(key);
      if (others === undefined) meeting.set(key, [index]);
      else others.push(index);
    }
  });
  const isUsed = new Uint8Array(edges.length);
  const follow = (first: number): Corner[] => {
    const chain: Corner[] = [];
    let at: Corner | null = null;
    let next: number | undefined = first;
    while (next !== undefined) {
      isUsed[next] = 1;
      const [x0, y0, x1, y1]: Edge = edges[next] ?? [0, 0, 0, 0];
      at ??= [x0, y0];
      if (chain.length === 0) chain.push(at);
      at = at[0] === x0 && at[1] === y0 ? [x1, y1] : [x0, y0];
      chain.push(at);
      next = meeting.get(keyOf(at))?.find((index) => isUsed[index] === 0);
    }
    return chain;
  };
  return edges.flatMap((_, index) => (isUsed[index] === 1 ? [] : [follow(index)]));
}
