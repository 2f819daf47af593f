/** Objects -> categories: names, numbered in the order of the user's list, then of the objects. */
import type { ClassAttribute, ClassColours } from '../session/state';
import type { AnnotatedObject, AnnotatedPhoto } from './annotated';

export interface CategoryOptions {
  /** Whether names that are not confirmed are categories. */
  readonly useGuesses: boolean;
  /** Names that are categories in any case, before the others: their numbers are the same in every file. */
  readonly classes?: readonly string[];
  /** What objects of classes say beside their label. */
  readonly attributes?: readonly ClassAttribute[];
  /** Colours of classes that the user chose; absent: none. */
  readonly colours?: ClassColours;
  /** Pixels that outlines may run beside the masks, to have fewer corners; absent: none. */
  readonly tolerance?: number;
}

/** Category of objects without a name. */
export const UNLABELLED = 'unlabelled';

const categoryOf = ({ label, labelOrigin }: AnnotatedObject, { useGuesses }: CategoryOptions): string =>
  label !== null && (labelOrigin === 'user' || useGuesses) ? label : UNLABELLED;

export interface Categorised {
  readonly photo: AnnotatedPhoto;
  readonly objects: readonly { readonly object: AnnotatedObject; readonly category: string }[];
}

/** Photos with the categories of their objects; objects with an empty mask are left out. */
export const categorised = (
  photos: readonly AnnotatedPhoto[],
  options: CategoryOptions,
): readonly Categorised[] =>
  photos.map((photo) => ({
    photo,
    objects: photo.objects
      .filter(({ area }) => area > 0)
      .map((object) => ({ object, category: categoryOf(object, options) })),
  }));

export const categoryNames = (
  photos: readonly Categorised[],
  { classes = [] }: CategoryOptions,
): readonly string[] => [
  ...new Set([...classes, ...photos.flatMap(({ objects }) => objects.map(({ category }) => category))]),
];

/** Name of the file that belongs to a photo: that of the photo with another ending. */
export const besides = ({ fileName }: AnnotatedPhoto, ending: string): string =>
  fileName.replace(/(?<=.)\.[^.]*$/, '') + ending;
