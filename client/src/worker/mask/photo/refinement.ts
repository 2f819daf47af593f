/**
 * Mask logits that follow the colours and edges of the photo.
 *
 * The network's logits are one opinion about every cell of a finer map, the colours, learnt from the mask itself
 * where it is sure and from the clicks, are the other. A few rounds of mean field then let neighbours agree,
 * unless there is an edge of the photo between them. `splitseem_model/mask/photo/` does the same; both are held to
 * `proto/vectors/photo.json`.
 */
import type { PhotoConfig } from '../../../shared/model/manifest';
import type { LabelledPoint, MaskLogits, SizeHw } from '../../../shared/types';
import { bilinearIndex, MASK_STRIDE, type FeatureMap } from '../../layers/sampling';
import { Scratch } from '../../layers/scratch';
import { believe, believeAgain } from './belief';
import { binsOf, colourEvidence, type ColourBins } from './colours';
import { edgesOf, smooth, type EdgeFilter } from './edges';

/** Cells; the four cells around a point are then always among those that it holds. */
const LEAST_RADIUS = 1.5;

/** What is the same for every step of an image. */
export interface PhotoGuide extends SizeHw {
  /** Input pixels that a cell is wide. */
  readonly stride: number;
  readonly colours: ColourBins;
  readonly edges: EdgeFilter;
}

/** What is the same for every step on a photo: three channels, 0 to 255. */
export function guideOf(photo: FeatureMap, config: PhotoConfig): PhotoGuide {
  const { height, width, stride, data } = photo;
  return {
    height,
    width,
    stride,
    colours: binsOf(data, config.bins),
    edges: edgesOf(data, photo, config),
  };
}

const scratch = new Scratch();

/**
 * Mask logits over the input at the stride of the photo; every click has its side.
 *
 * `points` are in the padded frame, in the order given; only labels 1 and 0 count. Of two clicks of different
 * sides closer than a cell only one is obeyed.
 */
export function refineByPhoto(
  guide: PhotoGuide,
  logits: MaskLogits,
  points: readonly LabelledPoint[],
  config: PhotoConfig,
): MaskLogits {
  const cells = guide.height * guide.width;
  const held = heldCells(guide, points, config);
  const opinion = networkOpinion(guide, logits, config);
  const refined = scratch.take('refined', cells);
  refined.set(opinion);
  for (let round = 0; round < config.rounds; round++) {
    const both = withColours(guide, opinion, refined, held, config);
    agree(guide, both, held, config, refined);
  }
  return { height: guide.height, width: guide.width, data: obeying(refined, held, config.held_logit) };
}

/** A cell that is close to a click, and the side of that, 1 or -1. */
interface HeldCell {
  readonly at: number;
  readonly side: number;
}

/** The cells that are close to a click; of several clicks the nearest one counts, the later of equals. */
function heldCells(
  { height, width, stride }: PhotoGuide,
  points: readonly LabelledPoint[],
  config: PhotoConfig,
): readonly HeldCell[] {
  const radius = Math.max(config.click_radius * Math.max(height, width), LEAST_RADIUS);
  const held = scratch.take('held', height * width).fill(0);
  const nearest = scratch.take('nearest', height * width).fill(radius * radius);
  for (const point of points) {
    if (point.label !== 0 && point.label !== 1) continue;
    // Points have the precision of the graph's, so that ties are the same everywhere.
    const [x, y] = [Math.fround(point.x) / stride, Math.fround(point.y) / stride];
    for (let row = first(y - radius); row < Math.min(Math.trunc(y + radius) + 1, height); row++) {
      for (let column = first(x - radius); column < Math.min(Math.trunc(x + radius) + 1, width); column++) {
        const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
        const at = row * width + column;
        const squared = dx * dx + dy * dy;
        if (squared > (nearest[at] ?? 0)) continue;
        nearest[at] = squared;
        held[at] = point.label === 1 ? 1 : -1;
      }
    }
  }
  const cells: HeldCell[] = [];
  for (let at = 0; at < held.length; at++) {
    const side = held[at] ?? 0;
    if (side !== 0) cells.push({ at, side });
  }
  return cells;
}

const first = (position: number): number => Math.max(Math.trunc(position), 0);

/** The network's logits, clamped and trusted as far as they are, and what colours add, [N]. */
function withColours(
  guide: PhotoGuide,
  opinion: Float64Array,
  refined: Float64Array,
  held: readonly HeldCell[],
  config: PhotoConfig,
): Float64Array {
  const examples = scratch.take('belief', opinion.length);
  believe(refined, examples);
  for (const { at, side } of held) examples[at] = side * config.click_weight;
  const both = scratch.take('both', opinion.length);
  colourEvidence(guide.colours, examples, config, both);
  for (let i = 0; i < both.length; i++) {
    both[i] = (opinion[i] ?? 0) + config.colour_weight * (both[i] ?? 0);
  }
  return both;
}

/** Mean field, into `refined`: each cell's opinion and, `smoothness` times, what its surroundings believe. */
function agree(
  guide: PhotoGuide,
  opinion: Float64Array,
  held: readonly HeldCell[],
  { sweeps, smoothness }: PhotoConfig,
  refined: Float64Array,
): void {
  const belief = scratch.take('belief', opinion.length);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    if (sweep === 0) believe(opinion, belief);
    else believeAgain(opinion, smoothness, belief);
    for (const { at, side } of held) belief[at] = side;
    smooth(guide.edges, belief);
  }
  for (let i = 0; i < refined.length; i++) refined[i] = (opinion[i] ?? 0) + smoothness * (belief[i] ?? 0);
}

/** The refined logits, at least `least` on the side of a click near it. */
function obeying(refined: Float64Array, held: readonly HeldCell[], least: number): Float32Array {
  const data = new Float32Array(refined);
  for (const { at, side } of held) data[at] = side * Math.max(side * (refined[at] ?? 0), least);
  return data;
}

/** Logits at stride 4 looked up, bilinearly, at the centre of every cell, clamped, and trusted in part. */
function networkOpinion(
  { height, width, stride }: PhotoGuide,
  logits: MaskLogits,
  { trust, logit_limit: limit }: PhotoConfig,
): Float64Array {
  const place = (index: number, count: number) =>
    bilinearIndex(((index + 0.5) * stride) / MASK_STRIDE - 0.5, count);
  const columns = Array.from({ length: width }, (_, column) => place(column, logits.width));
  const blended = scratch.take('blended', logits.width);
  const opinion = scratch.take('opinion', height * width);
  for (let row = 0; row < height; row++) {
    const y = place(row, logits.height);
    for (let column = 0; column < blended.length; column++) {
      const low = logits.data[y.low * logits.width + column] ?? 0;
      const high = logits.data[y.high * logits.width + column] ?? 0;
      blended[column] = low * (1 - y.fraction) + high * y.fraction;
    }
    for (let column = 0; column < width; column++) {
      const x = columns[column];
      if (x === undefined) continue;
      const value = (blended[x.low] ?? 0) * (1 - x.fraction) + (blended[x.high] ?? 0) * x.fraction;
      opinion[row * width + column] = trust * Math.min(Math.max(value, -limit), limit);
    }
  }
  return opinion;
}
