/** Session -> project: what is saved, and what `splitseem.project()` returns. */
import type { Project, ProjectImage, ProjectObject } from '../shared/types';
import { resultOf, type ImageId, type ImageState, type SegmentObject, type Session } from './state';

const PROTOCOL_VERSION = 1;
const PROJECT_FORMAT = 1;

/** What a project says beside the session. */
export interface ProjectFacts {
  /** Key of an image's embedding, or null while it has none. */
  readonly keyOf: (image: ImageId) => string | null;
  /** Milliseconds of the last step of an object, by stage. */
  readonly timingsOf: (object: SegmentObject) => Readonly<Record<string, number>>;
}

export function toProject(session: Session, facts: ProjectFacts): Project {
  return {
    type: 'project',
    protocol_version: PROTOCOL_VERSION,
    format: PROJECT_FORMAT,
    images: session.images.map((image) => toProjectImage(session, image, facts)),
    ...(session.classNames && { class_names: [...session.classNames] }),
  };
}

function toProjectImage(session: Session, image: ImageState, facts: ProjectFacts): ProjectImage {
  const key = facts.keyOf(image.id);
  return {
    name: image.name,
    size_hw: [image.size.height, image.size.width],
    key: key === '' ? null : key,
    objects: image.document.objects
      .filter((object) => object.steps.length > 0)
      .map((object) => toProjectObject(session, object, facts)),
  };
}

function toProjectObject(
  session: Session,
  object: SegmentObject,
  { timingsOf }: ProjectFacts,
): ProjectObject {
  const shown = resultOf(session, object);
  // A draft is for the eyes: whoever reads a project waits for the mask itself.
  const result = shown?.isDraft === true ? null : shown;
  return {
    prompts: object.steps.map(({ prompt }) => prompt),
    mask: result && { size: [...result.mask.size], counts: [...result.mask.counts] },
    label: object.userLabel ?? result?.label ?? null,
    score: result?.score ?? null,
    timings: timingsOf(object),
  };
}
