/** Session -> project: what is saved, and what `splitseem.project()` returns. */
import type { Project, ProjectImage, ProjectObject, StepTimings } from '../shared/types';
import { labelOf, resultOf, type ImageId, type ImageState, type SegmentObject, type Session } from './state';

const PROTOCOL_VERSION = 1;
const PROJECT_FORMAT = 1;

/** `keyOf` gives the key of an image's embedding, or null while it has none. */
export function toProject(session: Session, keyOf: (image: ImageId) => string | null): Project {
  return {
    type: 'project',
    protocol_version: PROTOCOL_VERSION,
    format: PROJECT_FORMAT,
    images: session.images.map((image) => toProjectImage(session, image, keyOf(image.id))),
    ...(session.classNames && { class_names: [...session.classNames] }),
  };
}

function toProjectImage(session: Session, image: ImageState, key: string | null): ProjectImage {
  return {
    name: image.name,
    size_hw: [image.size.height, image.size.width],
    key: key === '' ? null : key,
    objects: image.document.objects
      .filter((object) => object.steps.length > 0)
      .map((object) => toProjectObject(session, object)),
  };
}

function toProjectObject(session: Session, object: SegmentObject): ProjectObject {
  const result = resultOf(session, object);
  return {
    prompts: object.steps.map(({ prompt }) => prompt),
    mask: result && { size: [...result.mask.size], counts: [...result.mask.counts] },
    label: labelOf(session, object),
    score: result?.score ?? null,
    timings: result === null ? {} : toPlainTimings(result.timings),
  };
}

const toPlainTimings = (timings: StepTimings): Readonly<Record<string, number>> => ({ ...timings });
