/** Readers of the messages beside the embedding: prompts, step results, projects. */
import type {
  LabelOrigin,
  PhotoMark,
  Project,
  ProjectImage,
  ProjectObject,
  PromptMessage,
  StepResultMessage,
} from '../shared/types';
import {
  boolean,
  check,
  integer,
  known,
  mapping,
  nullable,
  number,
  optional,
  pair,
  quadruple,
  required,
  sequence,
  text,
  type Fields,
  type Reader,
} from '../shared/reading/fields';
import {
  MAX_CLASS_NAMES,
  MAX_DIMENSION,
  MAX_NAME_BYTES,
  MAX_OBJECT_NUMBER,
  MAX_PROJECT_IMAGES,
  MAX_PROJECT_OBJECTS,
  MAX_PROMPT_ITEMS,
  MAX_TEXT_BYTES,
  MAX_TIMINGS,
} from '../shared/reading/limits';
import { overlap, readAttributes, readClassAttributes, readClassColours } from './attributes';
import { checkRoi } from './embedding';
import { readPromptItem } from '../shared/prompt/kinds';
import { cocoRle } from '../shared/reading/cocoRle';
import { refuse } from '../shared/reading/refusal';
import { PROJECT_FORMAT, PROTOCOL_VERSION } from '../shared/reading/versions';

const SHA256 = /^[0-9a-f]{64}$/;
const KEY = /^[0-9a-f]{32,128}$/;
const name = text(MAX_NAME_BYTES);
const longText = text(MAX_TEXT_BYTES);
const promptItems = sequence(readPromptItem, MAX_PROMPT_ITEMS);

const timings: Reader<Readonly<Record<string, number>>> = (value, where) => {
  const entries = Object.entries(mapping(value, where));
  if (entries.length > MAX_TIMINGS) {
    refuse('limit-exceeded', `${where}: ${entries.length} timings, at most ${MAX_TIMINGS} are allowed`);
  }
  return Object.fromEntries(
    entries.map(([key, item]) => [name(key, where), number(item, `${where}.${key}`)] as const),
  );
};

function checkTimings(values: Readonly<Record<string, number>>, where: string): void {
  check(
    Object.values(values).every((value) => value >= 0),
    `${where}: timings must not be negative`,
  );
}

export function readPrompt(fields: Fields, where: string): PromptMessage {
  const items = required(fields, 'items', promptItems, where);
  check(items.length > 0, `${where}: a prompt needs at least one item`);
  return { protocol_version: PROTOCOL_VERSION, type: 'prompt', items };
}

export function readStepResult(fields: Fields, where: string): StepResultMessage {
  const result = {
    protocol_version: PROTOCOL_VERSION,
    type: 'step_result',
    mask: required(fields, 'mask', cocoRle, where),
    label: required(fields, 'label', nullable(longText), where),
    label_score: required(fields, 'label_score', nullable(number), where),
    score: required(fields, 'score', number, where),
    timings: required(fields, 'timings', timings, where),
  } as const;
  check(
    (result.label === null) === (result.label_score === null),
    `${where}: label and label_score come together`,
  );
  const probability = result.label_score ?? 0;
  check(probability >= 0 && probability <= 1, `${where}: label_score must be within 0 to 1`);
  checkTimings(result.timings, where);
  return result;
}

export function readProject(fields: Fields, where: string): Project {
  const format = required(fields, 'format', integer, where);
  if (format !== PROJECT_FORMAT) {
    refuse('unsupported-version', `project of format ${format}, this client knows format ${PROJECT_FORMAT}`);
  }
  const images = required(fields, 'images', sequence(projectImage, MAX_PROJECT_IMAGES), where);
  const lists = given({
    class_names: optional(fields, 'class_names', classNames, where),
    classes: optional(fields, 'classes', classNames, where),
    attributes: optional(fields, 'attributes', readClassAttributes, where),
    overlap: optional(fields, 'overlap', overlap, where),
    class_colours: optional(fields, 'class_colours', readClassColours, where),
  });
  const { class_names = [], classes = [], class_colours = {} } = lists;
  const names = [...class_names, ...classes, ...Object.keys(class_colours)];
  check(!names.some((word) => word.trim() === ''), `${where}: a class name must not be blank`);
  return { protocol_version: PROTOCOL_VERSION, type: 'project', format, images, ...lists };
}

const classNames = sequence(longText, MAX_CLASS_NAMES);

const projectImage: Reader<ProjectImage> = (value, where) => {
  const fields = mapping(value, where);
  const image = {
    name: required(fields, 'name', longText, where),
    size_hw: required(fields, 'size_hw', pair(integer), where),
    key: required(fields, 'key', nullable(name), where),
    objects: required(fields, 'objects', sequence(projectObject, MAX_PROJECT_OBJECTS), where),
    ...given({
      file_sha256: optional(fields, 'file_sha256', name, where),
      state: optional(fields, 'state', photoState, where),
      note: optional(fields, 'note', longText, where),
      canvas: optional(fields, 'canvas', integer, where),
    }),
  };
  const { file_sha256 = null, canvas = null } = image;
  check(
    file_sha256 === null || SHA256.test(file_sha256),
    `${where}: file_sha256 must be 64 hexadecimal digits`,
  );
  const isCanvas = canvas === null || (canvas >= 1 && canvas <= MAX_DIMENSION);
  check(isCanvas, `${where}: canvas must be 1 to ${MAX_DIMENSION} pixels`);
  const [height, width] = image.size_hw;
  check(height >= 1 && width >= 1, `${where}: size_hw must be positive`);
  check(image.key === null || KEY.test(image.key), `${where}: key must be 32 to 128 hexadecimal digits`);
  for (const { mask, prompts, roi_xywh } of image.objects) {
    if (roi_xywh != null) checkRoi(roi_xywh, image.size_hw, where);
    const masks = [mask, ...prompts.map((prompt) => (prompt.kind === 'mask' ? prompt : null))];
    const fit = masks.every((one) => one === null || (one.size[0] === height && one.size[1] === width));
    check(fit, `${where}: a mask has another size than the image`);
  }
  return image;
};

const projectObject: Reader<ProjectObject> = (value, where) => {
  const fields = mapping(value, where);
  const object = {
    prompts: required(fields, 'prompts', promptItems, where),
    mask: required(fields, 'mask', nullable(cocoRle), where),
    label: required(fields, 'label', nullable(longText), where),
    score: required(fields, 'score', nullable(number), where),
    timings: required(fields, 'timings', timings, where),
    ...given({
      id: optional(fields, 'id', name, where),
      number: optional(fields, 'number', integer, where),
      label_origin: optional(fields, 'label_origin', labelOrigin, where),
      hidden: optional(fields, 'hidden', boolean, where),
      locked: optional(fields, 'locked', boolean, where),
      group: optional(fields, 'group', integer, where),
      attributes: optional(fields, 'attributes', readAttributes, where),
      roi_xywh: optional(fields, 'roi_xywh', quadruple(integer), where),
      track: optional(fields, 'track', integer, where),
    }),
  };
  for (const what of ['number', 'group', 'track'] as const) {
    const { [what]: value = 1 } = object;
    check(
      value >= 1 && value <= MAX_OBJECT_NUMBER,
      `${where}: ${what} must be within 1 to ${MAX_OBJECT_NUMBER}`,
    );
  }
  checkTimings(object.timings, where);
  return object;
};

const labelOrigin: Reader<LabelOrigin> = (value, where) =>
  known(name(value, where), ['user', 'model'], where);

const photoState: Reader<PhotoMark> = (value, where) =>
  known(name(value, where), ['done', 'checked', 'rejected'], where);

/** Without the fields that say nothing. */
const given = <T extends object>(fields: T): { [Name in keyof T]?: NonNullable<T[Name]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [Name in keyof T]?: NonNullable<T[Name]>;
  };
