/** Readers of what projects say of objects and classes beside names. */
import type { ClassAttributeFields, ProjectMessage } from '../shared/generated';
import {
  check,
  known,
  mapping,
  optional,
  required,
  sequence,
  text,
  type Reader,
} from '../shared/reading/fields';
import {
  MAX_ATTRIBUTES,
  MAX_ATTRIBUTE_VALUES,
  MAX_CLASS_NAMES,
  MAX_NAME_BYTES,
  MAX_TEXT_BYTES,
} from '../shared/reading/limits';
import { refuse } from '../shared/reading/refusal';

const words = text(MAX_TEXT_BYTES);
const name = text(MAX_NAME_BYTES);

/** Of an object. */
export const readAttributes: Reader<Readonly<Record<string, string | boolean>>> = (value, where) => {
  const entries = Object.entries(mapping(value, where));
  if (entries.length > MAX_ATTRIBUTES)
    refuse('limit-exceeded', `${where}: ${entries.length} attributes, at most ${MAX_ATTRIBUTES} are allowed`);
  return Object.fromEntries(
    entries.map(([key, said]) => [
      words(key, where),
      typeof said === 'boolean' ? said : words(said, `${where}.${key}`),
    ]),
  );
};

const readClassAttribute: Reader<ClassAttributeFields> = (value, where) => {
  const fields = mapping(value, where);
  const kinds = ['select', 'checkbox', 'text'] as const;
  const kind = known(required(fields, 'kind', name, where), kinds, `${where}.kind`);
  const values = optional(fields, 'values', sequence(words, MAX_ATTRIBUTE_VALUES), where) ?? [];
  const rule = {
    class: required(fields, 'class', words, where),
    name: required(fields, 'name', words, where),
    kind,
    ...(values.length > 0 && { values }),
  };
  check(rule.name.trim() !== '', `${where}: the name of an attribute must not be blank`);
  check(values.length > 0 === (kind === 'select'), `${where}: a select has values, the others have none`);
  return rule;
};

export const readClassAttributes = sequence(readClassAttribute, MAX_CLASS_NAMES);

export const overlap: Reader<NonNullable<ProjectMessage['overlap']>> = (value, where) =>
  known(name(value, where), ['gives-way', 'eats'], where);

const COLOUR = /^#[0-9a-f]{6}$/;

/** By the names of classes. */
export const readClassColours: Reader<Readonly<Record<string, string>>> = (value, where) => {
  const entries = Object.entries(mapping(value, where));
  if (entries.length > MAX_CLASS_NAMES)
    refuse('limit-exceeded', `${where}: ${entries.length} colours, at most ${MAX_CLASS_NAMES} are allowed`);
  return Object.fromEntries(
    entries.map(([key, said]) => [words(key, where), readColour(said, `${where}.${key}`)]),
  );
};

const readColour: Reader<string> = (value, where) => {
  const colour = name(value, where);
  check(COLOUR.test(colour), `${where}: a colour must be # and 6 digits of 0-9a-f`);
  return colour;
};
