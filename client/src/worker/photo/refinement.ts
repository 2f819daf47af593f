/**
 * Mask logits that follow the colours and edges of the photo.
 *
 * The network's logits are one opinion about every cell of a finer map, the colours, learnt from the mask itself
 * where it is sure and from the clicks, are the other. A few rounds of mean field then let neighbours agree,
 * unless there is an edge of the photo between them. `splitseem_model/photo/` does the same; both are held to
 * `proto/vectors/photo.json`.
 */
import type { PhotoConfig } from '../../shared/manifest';
import type { LabelledPoint, MaskLogits, SizeHw } from '../../shared/types';
import { bilinearIndex, MASK_STRIDE, type FeatureMap } from '../sampling';
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

/** Look at a photo once: three channels, 0 to 255. */
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
  const held = heldSides(guide, points, config);
  const opinion = enlarged(logits, guide).map(
    (value) => config.trust * Math.min(Math.max(value, -config.logit_limit), config.logit_limit),
  );
  let refined: Float64Array = opinion;
  for (let round = 0; round < config.rounds; round++) {
    const colours = colourOpinion(guide, believed(refined), held, config);
    refined = agreed(
      guide,
      opinion.map((value, i) => value + (colours[i] ?? 0)),
      held,
      config,
    );
  }
  const data = Float32Array.from(refined, (value, i) => {
    const side = held[i] ?? 0;
    return side === 0 ? value : side * Math.max(side * value, config.held_logit);
  });
  return { height: guide.height, width: guide.width, data };
}

const believed = (logits: Float64Array): Float64Array => logits.map((value) => Math.tanh(value / 2));

/** Side, 1 or -1, of the nearest click for cells that are close to one, the later of equals; else 0. */
function heldSides(
  { height, width, stride }: PhotoGuide,
  points: readonly LabelledPoint[],
  config: PhotoConfig,
): Int8Array {
  const radius = Math.max(config.click_radius * Math.max(height, width), LEAST_RADIUS);
  const held = new Int8Array(height * width);
  const nearest = new Float64Array(height * width).fill(radius * radius);
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
  return held;
}

const first = (position: number): number => Math.max(Math.trunc(position), 0);

/** What colours say, learnt from sure cells and from those of the clicks. */
function colourOpinion(
  guide: PhotoGuide,
  belief: Float64Array,
  held: Int8Array,
  config: PhotoConfig,
): Float64Array {
  const weights = (side: number): Float64Array =>
    belief.map((value, i) => {
      const heldTo = held[i] ?? 0;
      if (heldTo === 0) return Math.max(side * value, 0);
      return heldTo === side ? config.click_weight : 0;
    });
  const evidence = colourEvidence(guide.colours, weights(1), weights(-1), config);
  return evidence.map((value) => config.colour_weight * value);
}

/** Mean field: each cell's opinion and, `smoothness` times, what its surroundings believe. */
function agreed(
  guide: PhotoGuide,
  opinion: Float64Array,
  held: Int8Array,
  config: PhotoConfig,
): Float64Array {
  let refined = opinion;
  for (let sweep = 0; sweep < config.sweeps; sweep++) {
    const belief = refined.map((value, i) => {
      const side = held[i] ?? 0;
      return side === 0 ? Math.tanh(value / 2) : side;
    });
    const around = smooth(guide.edges, belief);
    refined = opinion.map((value, i) => value + config.smoothness * (around[i] ?? 0));
  }
  return refined;
}

/** Logits at stride 4 looked up, bilinearly, at the centre of every cell. */
function enlarged(logits: MaskLogits, { height, width, stride }: PhotoGuide): Float64Array {
  const place = (index: number, count: number) =>
    bilinearIndex(((index + 0.5) * stride) / MASK_STRIDE - 0.5, count);
  const columns = Array.from({ length: width }, (_, column) => place(column, logits.width));
  const wide = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    const y = place(row, logits.height);
    const between = (column: number): number => {
      const low = logits.data[y.low * logits.width + column] ?? 0;
      const high = logits.data[y.high * logits.width + column] ?? 0;
      return low * (1 - y.fraction) + high * y.fraction;
    };
    columns.forEach((x, column) => {
      wide[row * width + column] = between(x.low) * (1 - x.fraction) + between(x.high) * x.fraction;
    });
  }
  return wide;
}
