import { attributesOf } from '../../session/classes';
import { labelOf, type ClassAttribute, type SegmentObject } from '../../session/state';
import { MAX_LABEL } from '../../session/transitions';
import type { App } from '../app';
import { sayOf } from '../tools/marking';
import * as say from '../wording/page';
import './ObjectFields.css';

interface Props {
  readonly app: App;
  readonly object: SegmentObject;
}

/** What the selected object says by the attributes of its class. */
export function ObjectFields({ app, object }: Props) {
  const { session } = app.store;
  const label = labelOf(session.value, object)?.text;
  const rules = label === undefined ? [] : attributesOf(session.value, label);
  if (rules.length === 0) return null;
  return (
    <div class="object-fields" role="group" aria-label={say.attributesOfObject(object.number)}>
      {rules.map((rule) => (
        <label key={rule.name} class={rule.kind}>
          <span dir="auto">{rule.name}</span>
          <Field app={app} object={object} rule={rule} />
        </label>
      ))}
    </div>
  );
}

function Field({ app, object, rule: { name, kind, values } }: Props & { readonly rule: ClassAttribute }) {
  const said = object.attributes?.[name] ?? '';
  const text = typeof said === 'string' ? said : '';
  const disabled = object.isLocked === true;
  const set = (what: string | boolean): void => sayOf(app, object.id, name, what);
  if (kind === 'checkbox')
    return (
      <input
        type="checkbox"
        disabled={disabled}
        checked={said === true}
        onChange={({ currentTarget }) => set(currentTarget.checked)}
      />
    );
  if (kind === 'text')
    return (
      <input
        type="text"
        disabled={disabled}
        maxLength={MAX_LABEL}
        value={text}
        onChange={({ currentTarget }) => set(currentTarget.value)}
      />
    );
  const known = values ?? [];
  return (
    <select disabled={disabled} value={text} onChange={({ currentTarget }) => set(currentTarget.value)}>
      <option value="">{say.notSaid}</option>
      {[...known, ...(text === '' || known.includes(text) ? [] : [text])].map((value) => (
        <option key={value} value={value}>
          {value}
        </option>
      ))}
    </select>
  );
}
