/** Session -> project: what is saved, and what `splitseem.project()` returns. */
import type { Project, ProjectImage, ProjectObject } from '../shared/types';
import { MAX_OBJECT_NUMBER } from '../shared/reading/limits';
import { overlapOf } from './classes';
import {
  labelOf,
  resultOf,
  type ClassList,
  type ImageId,
  type ImageState,
  type SegmentObject,
  type Session,
} from './state';
import { PROJECT_FORMAT, PROTOCOL_VERSION } from '../shared/reading/versions';

/** What a project says beside the session. */
export interface ProjectFacts {
  /** Key of an image's embedding, or null while it has none. */
  readonly keyOf: (image: ImageId) => string | null;
  /** SHA-256 of the bytes of an image's file, or null while it is not known. */
  readonly digestOf: (image: ImageId) => string | null;
  /** Milliseconds of the last step of an object, by stage. */
  readonly timingsOf: (object: SegmentObject) => Readonly<Record<string, number>>;
}

export function toProject(session: Session, facts: ProjectFacts): Project {
  return {
    type: 'project',
    protocol_version: PROTOCOL_VERSION,
    format: PROJECT_FORMAT,
    images: session.images.map((image) => toProjectImage(session, image, facts)),
    ...toClassLists(session.classList),
  };
}

function toClassLists({ attributes = [], colours = {}, ...list }: ClassList): Partial<Project> {
  const overlap = overlapOf(list);
  return {
    ...toNames(list),
    ...(attributes.length > 0 && { attributes }),
    ...(overlap !== 'allowed' && { overlap }),
    ...(Object.keys(colours).length > 0 && { class_colours: { ...colours } }),
  };
}

function toNames({ names, isVocabulary }: ClassList): Pick<Project, 'class_names' | 'classes'> {
  if (isVocabulary) return { class_names: [...names] };
  return names.length === 0 ? {} : { classes: [...names] };
}

/** The class list that a project was saved with; null: with none. */
export function classListOf(project: Project): ClassList | null {
  const { class_names, classes, attributes, overlap, class_colours: colours } = project;
  const names = class_names ?? classes;
  if ([names, attributes, overlap, colours].every((said) => said == null)) return null;
  return {
    ...{ names: [...new Set(names ?? [])], isVocabulary: class_names != null },
    ...(attributes && { attributes }),
    ...(overlap && { overlap }),
    ...(colours && { colours }),
  };
}

function toProjectImage(session: Session, image: ImageState, facts: ProjectFacts): ProjectImage {
  const key = facts.keyOf(image.id);
  const digest = facts.digestOf(image.id);
  const { canvas, review } = image.document;
  const { mark, note } = review;
  return {
    name: image.name,
    size_hw: [image.size.height, image.size.width],
    key: key === '' ? null : key,
    objects: image.document.objects
      .filter((object) => object.steps.length > 0)
      .map((object) => toProjectObject(session, image, object, facts)),
    ...(digest !== null && { file_sha256: digest }),
    ...(mark !== null && { state: mark }),
    ...(note !== '' && { note }),
    ...(canvas !== null && { canvas }),
  };
}

function toProjectObject(
  session: Session,
  image: ImageState,
  object: SegmentObject,
  { timingsOf }: ProjectFacts,
): ProjectObject {
  const shown = resultOf(session, object);
  // A draft or a coarse mask is for the screen only; a project waits for the final one.
  const result = shown?.isDraft === true || shown?.isCoarse === true ? null : shown;
  const label = labelOf(session, object);
  return {
    prompts: object.steps.map(({ prompt }) => prompt),
    mask: result && { size: [...result.mask.size], counts: [...result.mask.counts] },
    label: label?.text ?? null,
    score: result?.score ?? null,
    timings: timingsOf(object),
    id: object.id,
    number: object.number <= MAX_OBJECT_NUMBER ? object.number : null,
    label_origin: label?.origin ?? null,
    ...(image.document.hidden.has(object.id) && { hidden: true }),
    ...(object.isLocked === true && { locked: true }),
    ...(object.group !== undefined && { group: object.group }),
    ...(object.track !== undefined && { track: object.track }),
    ...(object.part !== undefined && { roi_xywh: [...object.part] }),
    ...(Object.keys(object.attributes ?? {}).length > 0 && { attributes: { ...object.attributes } }),
  };
}
