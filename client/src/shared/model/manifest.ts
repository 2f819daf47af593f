/** `manifest.json`: what the export wrote beside the decoder graphs, and what the client accepts of it. */
import { failed, ok, type ClientError, type Result } from '../errors';
import { BOX_RULES, POLYGON_RULES, type RegionRules } from '../prompt/regions';
import { listOf, nullOr, NUMBER, object, oneOf, recordOf, STRING } from './shape';
import { MANIFEST_FORMAT, PROTOCOL_VERSION } from '../reading/versions';

/** How the selected mask is made to obey the clicks; see `worker/mask/correction.ts`. */
export interface CorrectionConfig {
  /** Mask logit that every clicked point gets at least, with its sign. */
  readonly margin: number;
  /** How unlike a click a place may be to follow it, in spreads of the mask features. */
  readonly look_width: number;
  /** How far from a click a place may be to follow it, in long sides of the input. */
  readonly place_width: number;
  /** How much a click may be disobeyed for smoothness. */
  readonly ridge: number;
  /** Share of the mean variance that is added to that of every channel. */
  readonly spread_floor: number;
  readonly max_points: number;
}

/** How masks follow the colours and edges of the photo; see `worker/mask/photo/refinement.ts`. */
export interface PhotoConfig {
  /** Factor of the network's mask logits, and what they are clamped to before. */
  readonly trust: number;
  readonly logit_limit: number;
  /** Factor of what colours say, and what it is clamped to before. */
  readonly colour_weight: number;
  readonly colour_limit: number;
  /** Likelihood that every colour has on and off the object. */
  readonly colour_floor: number;
  /** Of the colour histograms, along red, green and blue. */
  readonly bins: number;
  /** What a surrounding of one belief weighs. */
  readonly smoothness: number;
  /** How far beliefs travel where the photo is plain, in long sides of it. */
  readonly reach: number;
  /** Sum of the differences of red, green and blue, 0 to 3, that stops them half way. */
  readonly edge_contrast: number;
  /** Of learning the colours. */
  readonly rounds: number;
  /** Of neighbours asking each other, in each round. */
  readonly sweeps: number;
  /** How far around a click its side is held, in long sides of the photo. */
  readonly click_radius: number;
  /** The least logit there, with its sign. */
  readonly held_logit: number;
  /** What a held cell counts as an example of colour; a sure one counts 1. */
  readonly click_weight: number;
}

/** The network that redraws the selected mask at the clicks; see `worker/mask/refiner.ts`. */
export interface RefinerConfig {
  readonly max_points: number;
  /** Of inputs with a longer long side, pixels, it sees coarser maps. */
  readonly fine_side: number;
}

/** How mask features are made of a lateral map. */
export interface LateralConfig {
  /** Channels that are made at a time. */
  readonly rows: number;
}

/** The map of meanings, see `worker/mask/meaning.ts`: its channels. */
export interface SemanticConfig {
  readonly channels: number;
  /** Of the space in which masks are compared with names. */
  readonly sentence_dim: number;
}

/** How texts take part in the selection; see `worker/decode/generalDecoder.ts`. */
export interface TextConfig {
  /** What a cosine of one between a query and a text scores. */
  readonly weight: number;
}

/**
 * How a point meets a map: "centre" between cell centres; "corner", of the official models, with the centres of
 * the first and the last pixel on those of the first and the last cell.
 */
export type SamplingRule = (typeof SAMPLING_RULES)[number];
const SAMPLING_RULES = ['centre', 'corner'] as const;

/** What chooses among the queries; see `worker/mask/selection.ts`. */
export type SelectionRule = (typeof SELECTION_RULES)[number];
const SELECTION_RULES = ['quality', 'points'] as const;

export interface DecoderConfig {
  readonly canvas: number;
  readonly stride: number;
  readonly dim: number;
  readonly mask_dim: number;
  /** Channels of the levels, coarse to fine; absent: `dim` each. */
  readonly level_dims?: readonly number[];
  readonly class_dim: number;
  readonly num_layers: number;
  readonly num_heads: number;
  readonly num_queries: number;
  readonly num_memories: number;
  readonly max_points: number;
  readonly point_sampling: SamplingRule;
  readonly selection: SelectionRule;
  /** How often the decoder is asked at the first prompts of an object; absent: once. See `worker/step/step.ts`. */
  readonly first_passes?: number;
  readonly logit_scale: number;
  /** How boxes and polygons become points. */
  readonly region_rules: RegionRules;
  /** Null or absent: there is no refiner. */
  readonly refiner?: RefinerConfig | null;
  /** Null or absent: masks stay as the decoder gives them. */
  readonly correction?: CorrectionConfig | null;
  /** Present when masks are named by a map of meanings; see `worker/mask/meaning.ts`. */
  readonly semantic?: SemanticConfig;
  /** Null or absent: masks do not follow the photo. */
  readonly photo?: PhotoConfig | null;
  /** Present when the mask features can be made of a lateral map; see `worker/mask/lateral.ts`. */
  readonly lateral?: LateralConfig;
  /** Present when the model takes texts. */
  readonly text?: TextConfig;
  /** Present when the model takes a region of another image as a prompt. */
  readonly example?: unknown;
}

export interface Wiring {
  readonly name: string;
  readonly rows: readonly { readonly name: string; readonly count: number }[];
  readonly keys: readonly string[];
  readonly sees: Readonly<Record<string, readonly string[]>>;
}

/** Rows and keys of a step with texts, of which the text rows are as many as there are tokens. */
export interface TextWiring extends Omit<Wiring, 'rows'> {
  readonly rows: readonly { readonly name: string; readonly count: number | null }[];
  /** The query group one of whose rows is the answer. */
  readonly answering: string;
  /** What chooses among those rows. */
  readonly chosen_by: 'text' | 'points';
}

export interface TextWirings {
  /** Texts and no points. */
  readonly alone: TextWiring;
  readonly together: TextWiring;
}

export interface ModelFile {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A decoder graph, its weights stored in the precision of the first execution provider. */
export interface GraphFile extends ModelFile {
  /** Precision -> the same graph stored in it, for providers that want another. */
  readonly variants?: Readonly<Record<string, ModelFile>>;
}

/** A graph that is there in pieces as well: their outputs together are its outputs. */
export interface DivisibleGraphFile extends GraphFile {
  readonly pieces?: readonly GraphFile[];
}

export interface Manifest {
  readonly format: number;
  readonly protocol_version: number;
  readonly model: string;
  readonly fingerprint: string;
  readonly config: DecoderConfig;
  readonly wiring: Wiring;
  /** With `config.text`. */
  readonly text_wirings?: TextWirings;
  /** Execution provider -> precision of the weights that it loads. */
  readonly precisions?: Readonly<Record<string, string>>;
  readonly graphs: {
    readonly prepare: DivisibleGraphFile;
    readonly step: GraphFile;
    /** Both or neither, as `config.refiner` says. */
    readonly look?: GraphFile;
    readonly refine?: GraphFile;
    /** Both or neither, as `config.text` says. */
    readonly general_prepare?: GraphFile;
    readonly general_step?: GraphFile;
    /** All or none, as `config.lateral` says. */
    readonly lateral_affine?: GraphFile;
    readonly mask_source?: GraphFile;
    readonly mask_features?: GraphFile;
  };
  readonly vocabulary?: ModelFile & { readonly count: number };
}

const SUPPORTED = {
  format: MANIFEST_FORMAT,
  protocol_version: PROTOCOL_VERSION,
  keys: ['point'],
} as const;

const refused = (message: string): Result<never> => failed({ kind: 'model', message } satisfies ClientError);

/** The file of a graph for an execution provider. */
export function fileFor(provider: string, { precisions }: Manifest, graph: GraphFile): ModelFile {
  return graph.variants?.[precisions?.[provider] ?? ''] ?? graph;
}

/** Check a fetched manifest; what this client cannot run faithfully is refused, and named. */
export function parseManifest(value: unknown): Result<Manifest> {
  const shape = MANIFEST(value, 'manifest');
  if (shape !== null) return refused(`the decoder manifest is not valid: ${shape}`);
  const manifest = value as Manifest;
  const { config, wiring } = manifest;
  const facts: readonly (readonly [string, number | string, number | string])[] = [
    ['format', manifest.format, SUPPORTED.format],
    ['protocol version', manifest.protocol_version, SUPPORTED.protocol_version],
    ['keys of the wiring', wiring.keys.join(), SUPPORTED.keys.join()],
  ];
  for (const [what, got, expected] of facts) {
    if (got !== expected) {
      return refused(`model ${manifest.model} has ${what} "${got}", this client runs "${expected}"`);
    }
  }
  const queries = wiring.rows.find((row) => row.name === 'spatial')?.count;
  if (queries !== config.num_queries) {
    return refused(
      `model ${manifest.model} has ${config.num_queries} queries, its wiring ${queries ?? 'none'}`,
    );
  }
  if (config.refiner && !(manifest.graphs.look && manifest.graphs.refine)) {
    return refused(`model ${manifest.model} has a refiner without its graphs`);
  }
  const { general_prepare, general_step } = manifest.graphs;
  if (config.text && !(general_prepare && general_step && manifest.text_wirings)) {
    return refused(`model ${manifest.model} takes texts, without the graphs or wirings for them`);
  }
  const { lateral_affine, mask_source, mask_features } = manifest.graphs;
  if (config.lateral && !(lateral_affine && mask_source && mask_features)) {
    return refused(`model ${manifest.model} takes lateral maps, without the graphs for them`);
  }
  return ok(manifest);
}

const FILE = { file: STRING, sha256: STRING, bytes: NUMBER };
const VARIANTS = recordOf(object(FILE));
const GRAPH = object(FILE, { variants: VARIANTS });
const DIVISIBLE_GRAPH = object(FILE, { variants: VARIANTS, pieces: listOf(GRAPH) });

const CORRECTION = object({
  margin: NUMBER,
  look_width: NUMBER,
  place_width: NUMBER,
  ridge: NUMBER,
  spread_floor: NUMBER,
  max_points: NUMBER,
});

const PHOTO = object({
  trust: NUMBER,
  logit_limit: NUMBER,
  colour_weight: NUMBER,
  colour_limit: NUMBER,
  colour_floor: NUMBER,
  bins: NUMBER,
  smoothness: NUMBER,
  reach: NUMBER,
  edge_contrast: NUMBER,
  rounds: NUMBER,
  sweeps: NUMBER,
  click_radius: NUMBER,
  held_logit: NUMBER,
  click_weight: NUMBER,
});

const CONFIG = object(
  {
    canvas: NUMBER,
    stride: NUMBER,
    dim: NUMBER,
    mask_dim: NUMBER,
    class_dim: NUMBER,
    num_layers: NUMBER,
    num_heads: NUMBER,
    num_queries: NUMBER,
    num_memories: NUMBER,
    max_points: NUMBER,
    point_sampling: oneOf(SAMPLING_RULES),
    selection: oneOf(SELECTION_RULES),
    logit_scale: NUMBER,
    region_rules: object({
      box: oneOf(Object.keys(BOX_RULES)),
      polygon: oneOf(Object.keys(POLYGON_RULES)),
    }),
  },
  {
    level_dims: listOf(NUMBER),
    first_passes: NUMBER,
    refiner: nullOr(object({ max_points: NUMBER, fine_side: NUMBER })),
    correction: nullOr(CORRECTION),
    photo: nullOr(PHOTO),
    lateral: object({ rows: NUMBER }),
    semantic: object({ channels: NUMBER, sentence_dim: NUMBER }),
    text: object({ weight: NUMBER }),
  },
);

const SEES = recordOf(listOf(STRING));

const TEXT_WIRING = object({
  name: STRING,
  rows: listOf(object({ name: STRING, count: nullOr(NUMBER) })),
  keys: listOf(STRING),
  sees: SEES,
  answering: STRING,
  chosen_by: oneOf(['text', 'points']),
});

const MANIFEST = object(
  {
    format: NUMBER,
    protocol_version: NUMBER,
    model: STRING,
    fingerprint: STRING,
    config: CONFIG,
    wiring: object({
      name: STRING,
      rows: listOf(object({ name: STRING, count: NUMBER })),
      keys: listOf(STRING),
      sees: SEES,
    }),
    graphs: object(
      { prepare: DIVISIBLE_GRAPH, step: GRAPH },
      {
        look: GRAPH,
        refine: GRAPH,
        general_prepare: GRAPH,
        general_step: GRAPH,
        lateral_affine: GRAPH,
        mask_source: GRAPH,
        mask_features: GRAPH,
      },
    ),
  },
  {
    precisions: recordOf(STRING),
    text_wirings: object({ alone: TEXT_WIRING, together: TEXT_WIRING }),
    vocabulary: object({ ...FILE, count: NUMBER }),
  },
);
