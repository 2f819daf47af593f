/** What users do with the lock, the group and the attributes of objects, and with what holds for all of them. */
import { setAttributes, setOverlap } from '../../session/classes';
import { groupWithPrevious, leaveGroup, setAttribute, toggleLock } from '../../session/marks';
import type { ClassAttribute, Overlap } from '../../session/state';
import { cleanLabel } from '../../session/transitions';
import { MAX_ATTRIBUTES, MAX_ATTRIBUTE_VALUES } from '../../shared/reading/limits';
import type { App } from '../app';
import * as say from '../wording/page';
import { keyOr } from './keyMap';
import { withSelected } from './objectActions';

export function lock({ controller }: App, id: string): void {
  controller.change((session) => toggleLock(session, id));
}

export function lockSelected(app: App): void {
  withSelected(app, ({ id }) => lock(app, id));
}

/** Let the selected object and that before it in the list belong together. */
export function groupSelected(app: App): void {
  const { controller, store } = app;
  const before = store.session.value;
  controller.change(groupWithPrevious);
  if (store.session.value === before) controller.notify(say.groupTwo(keyOr(app, 'group', say.grouping)));
}

export function ungroupSelected(app: App): void {
  withSelected(app, ({ id, group, isLocked }) => {
    if (isLocked === true) app.controller.notify(say.selectedIsLocked);
    else if (group === undefined) app.controller.notify(say.inNoGroup);
    else app.controller.change((session) => leaveGroup(session, id));
  });
}

export function sayOf({ controller }: App, id: string, name: string, said: string | boolean): void {
  controller.change((session) => setAttribute(session, id, name, said));
}

export function chooseOverlap({ controller }: App, overlap: Overlap): void {
  controller.change((session) => setOverlap(session, overlap));
}

/** Let objects of a class say what a text says, an attribute a line. */
export function describeClass({ controller }: App, name: string, text: string): void {
  controller.change((session) => setAttributes(session, name, parseAttributes(name, text)));
}

/**
 * The attributes of a text: `colour = brown, black` is to choose from, `tame?` to tick, `note` to type. Blank lines and
 * names that came before are left out.
 */
export function parseAttributes(owner: string, text: string): readonly ClassAttribute[] {
  const rules = new Map<string, ClassAttribute>();
  for (const line of text.split('\n')) {
    const rule = parseLine(owner, line);
    if (rule !== null && !rules.has(rule.name)) rules.set(rule.name, rule);
  }
  return [...rules.values()].slice(0, MAX_ATTRIBUTES);
}

function parseLine(owner: string, line: string): ClassAttribute | null {
  const clean = (part: string): string => cleanLabel(part.replace(/\s+/g, ' ')) ?? '';
  const [head = '', ...rest] = line.split('=');
  const name = clean(head.trim().replace(/\?$/, ''));
  if (name === '') return null;
  const values = [...new Set(rest.join('=').split(',').map(clean))].filter((value) => value !== '');
  if (values.length > 0)
    return { class: owner, name, kind: 'select', values: values.slice(0, MAX_ATTRIBUTE_VALUES) };
  return { class: owner, name, kind: head.trim().endsWith('?') ? 'checkbox' : 'text' };
}

/** As `parseAttributes` reads them. */
export const attributeText = (rules: readonly ClassAttribute[]): string =>
  rules
    .map(({ name, kind, values }) =>
      kind === 'select' ? `${name} = ${(values ?? []).join(', ')}` : kind === 'checkbox' ? `${name}?` : name,
    )
    .join('\n');
