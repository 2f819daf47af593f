/** Session -> what every format is made of: photos with names of their own, objects with masks. */
import { masksOf } from '../session/overlap';
import {
  guessOf,
  labelOf,
  resultOf,
  type Attributes,
  type ImageDocument,
  type ImageId,
  type SegmentObject,
  type Session,
} from '../session/state';
import { rleArea } from '../shared/rle';
import type { CocoRle, LabelOrigin, SizeHw } from '../shared/types';
import { exportNames, type ExportName } from './names';

export interface AnnotatedObject {
  readonly id: string;
  /** As in the list of objects. */
  readonly number: number;
  readonly mask: CocoRle;
  readonly area: number;
  readonly label: string | null;
  readonly labelOrigin: LabelOrigin | null;
  /** What the model takes it for, and how sure it is. */
  readonly guess: string | null;
  readonly guessScore: number | null;
  /** That it belongs to; absent: to none. */
  readonly group?: number;
  /** Of the thing that it is with objects of other photos; absent: it was not followed. */
  readonly track?: number;
  readonly attributes?: Attributes;
}

export interface AnnotatedPhoto extends ExportName {
  readonly id: ImageId;
  /** As the user knows it. */
  readonly name: string;
  readonly size: SizeHw;
  readonly objects: readonly AnnotatedObject[];
}

export interface Annotated {
  readonly photos: readonly AnnotatedPhoto[];
  /** What is left out or called otherwise, for the user; a sentence each. */
  readonly remarks: readonly string[];
}

/** Objects without a mask are left out; a draft is none. */
export function annotated(session: Session): Annotated {
  const names = exportNames(session.images.map(({ name }) => name));
  const photos = session.images.map(({ id, name, size, document }, index) => ({
    id,
    name,
    size,
    ...(names[index] ?? { fileName: name, stem: 'image' }),
    objects: annotatedObjects(session, document),
  }));
  return { photos, remarks: [...renamed(photos), ...waiting(session)] };
}

function annotatedObjects(session: Session, document: ImageDocument): readonly AnnotatedObject[] {
  const masks = masksOf(session, document);
  return document.objects.flatMap((object) => {
    const mask = masks.get(object.id);
    return (mask && toAnnotated(session, object, mask)) ?? [];
  });
}

function toAnnotated(session: Session, object: SegmentObject, mask: CocoRle): AnnotatedObject | null {
  const result = resultOf(session, object);
  if (result === null || result.isDraft) return null;
  const label = labelOf(session, object);
  return {
    id: object.id,
    number: object.number,
    ...{ mask, area: rleArea(mask) },
    label: label?.text ?? null,
    labelOrigin: label?.origin ?? null,
    guess: guessOf(session, object),
    guessScore: result.label === null ? null : result.labelScore,
    ...(object.group !== undefined && { group: object.group }),
    ...(object.track !== undefined && { track: object.track }),
    ...(Object.keys(object.attributes ?? {}).length > 0 && { attributes: object.attributes ?? {} }),
  };
}

const renamed = (photos: readonly AnnotatedPhoto[]): string[] =>
  photos
    .filter(({ name, fileName }) => name !== fileName)
    .map(({ name, fileName }) => `A photo called “${name}” is “${fileName}” in the file`);

function waiting(session: Session): string[] {
  const objects = session.images.flatMap(({ document }) => document.objects);
  const isAnswered = ({ id }: { readonly id: string }): boolean => session.results.get(id)?.isDraft === false;
  const count = objects.filter(({ steps }) => !steps.every(isAnswered)).length;
  if (count === 0) return [];
  return [`${count === 1 ? '1 object still waits' : `${count} objects still wait`} for an answer`];
}
