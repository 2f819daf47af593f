/** The stages of a prompt on its way from the pointer to the pixels: the one list of their names. */

/** What the worker does, in order. Stages that a model does not have take no time. */
export const WORKER_STAGES = ['tokens', 'step', 'select', 'refine', 'correct', 'photo', 'mask'] as const;

export const STAGES = ['queue', ...WORKER_STAGES, 'frame', 'paint'] as const;

export type WorkerStage = (typeof WORKER_STAGES)[number];
export type Stage = (typeof STAGES)[number];

export const STAGE_MEANINGS: Readonly<Record<Stage, string>> = {
  queue: 'Waiting for the photo, the decoder or an earlier prompt, and the way to the worker and back',
  tokens: 'Points of the prompt, sampled from the feature maps',
  step: 'The decoder',
  select: 'Choosing the query that answers, and its mask logits',
  refine: 'Redrawing the mask at the clicks by the refiner',
  correct: 'Making the mask obey the clicks',
  photo: 'Following the colours and edges of the photo',
  mask: 'The mask in the size of the photo, as run lengths',
  frame: 'Waiting for the next frame of the screen',
  paint: 'Drawing',
};

/** What profilers and observers know a stage by. */
export const measureName = (stage: Stage): string => `splitseem ${stage}`;
