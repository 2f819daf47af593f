/** Classes: what objects are called by the user, in an order of the user's. */
import { MAX_CLASS_NAMES } from '../shared/reading/limits';
import { commitClasses } from './history';
import {
  labelOf,
  type ClassAttribute,
  type ClassColours,
  type ClassList,
  type Overlap,
  type Session,
} from './state';

export interface ClassInUse {
  readonly name: string;
  /** Objects that are called so, on all photos, by the user or as a guess. */
  readonly count: number;
}

/** Those of the class list, and after them other names that the user gave objects, in the order of the objects. */
export function classesOf(session: Session): readonly ClassInUse[] {
  const counts = new Map(session.classList.names.map((name) => [name, 0]));
  const labels = objectsOf(session).flatMap((object) => labelOf(session, object) ?? []);
  for (const { text, origin } of labels) if (origin === 'user' && !counts.has(text)) counts.set(text, 0);
  for (const { text } of labels) {
    const count = counts.get(text);
    if (count !== undefined) counts.set(text, count + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count }));
}

const objectsOf = ({ images }: Session) => images.flatMap(({ document }) => document.objects);

/** Names of classes, the first nine of which have a digit. */
export const classNamesOf = (session: Session): readonly string[] =>
  classesOf(session).map(({ name }) => name);

/** Have this list and no other; what comes twice or beyond the largest number of names is left out. */
export function setClassList(session: Session, given: ClassList, what: string): Session {
  const names = [...new Set(given.names)].slice(0, MAX_CLASS_NAMES);
  const after = {
    ...session.classList,
    ...given,
    ...{ names, isVocabulary: given.isVocabulary && names.length > 0 },
  };
  return isSame(session.classList, after) ? session : commitClasses(session, what, after);
}

/** Classes after those that are there; the names in use become part of the list. */
export const addClasses = (session: Session, names: readonly string[]): Session =>
  setClassList(
    session,
    { ...session.classList, names: [...classNamesOf(session), ...names] },
    names.length === 1 ? 'new class' : 'new classes',
  );

/** Let a class change places with the one before it (-1) or after it (1). */
export function moveClass(session: Session, name: string, by: -1 | 1): Session {
  const names = [...classNamesOf(session)];
  const index = names.indexOf(name);
  const other = names[index + by];
  if (index < 0 || other === undefined) return session;
  [names[index], names[index + by]] = [other, name];
  return setClassList(session, { ...session.classList, names }, 'order of classes');
}

const isSame = (a: ClassList, b: ClassList): boolean =>
  a.isVocabulary === b.isVocabulary &&
  a.names.join('\n') === b.names.join('\n') &&
  overlapOf(a) === overlapOf(b) &&
  JSON.stringify(a.attributes ?? []) === JSON.stringify(b.attributes ?? []) &&
  JSON.stringify(coloursOf(a)) === JSON.stringify(coloursOf(b));

export const overlapOf = ({ overlap = 'allowed' }: Pick<ClassList, 'overlap'>): Overlap => overlap;

export const setOverlap = (session: Session, overlap: Overlap): Session =>
  setClassList(session, { ...session.classList, overlap }, 'overlap');

/** What objects of a class say. */
export const attributesOf = (session: Session, name: string): readonly ClassAttribute[] =>
  (session.classList.attributes ?? []).filter((one) => one.class === name);

/** Let objects of a class say this and nothing else; what they have said stays. */
export function setAttributes(session: Session, name: string, rules: readonly ClassAttribute[]): Session {
  const others = (session.classList.attributes ?? []).filter((one) => one.class !== name);
  const attributes = [...others, ...rules].slice(0, MAX_CLASS_NAMES);
  return setClassList(session, { ...session.classList, attributes }, `attributes of ${name}`);
}

const NONE_CHOSEN: ClassColours = {};

/** The same object where none is chosen, so that nothing is drawn again for it. */
export const coloursOf = ({ colours = NONE_CHOSEN }: Pick<ClassList, 'colours'>): ClassColours => colours;

/** Choose the colour of a class, `#rrggbb`; null: it follows from the name. */
export function setColour(session: Session, name: string, colour: string | null): Session {
  const chosen = Object.entries({ ...coloursOf(session.classList), [name]: colour });
  const colours = chosen.filter((one): one is [string, string] => one[1] !== null).slice(-MAX_CLASS_NAMES);
  return setClassList(
    session,
    { ...session.classList, colours: Object.fromEntries(colours) },
    `colour of ${name}`,
  );
}
