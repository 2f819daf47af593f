import { lastClick } from '../../session/alternatives';
import { resultOf, type SegmentObject } from '../../session/state';
import type { App } from '../app';
import { Icon, Picture } from '../parts/icons';
import { whyNot } from '../state/tools';
import { chooseExample } from '../tools/objectActions';
import { groupSelected, lock } from '../tools/marking';
import { titles } from '../tools/keyMap';
import { REPAIRS, repairSelected, type Repair, type RepairMethod } from '../tools/repairs';
import './ObjectTools.css';

interface Props {
  readonly app: App;
  readonly object: SegmentObject;
}

/** What can be done with the selected object, in its row. */
export function ObjectTools({ app, object }: Props) {
  const hasMask = resultOf(app.store.session.value, object) !== null;
  const { number, id, isLocked = false } = object;
  const doing = isLocked ? 'Unlock' : 'Lock';
  return (
    <div class="object-tools">
      <button
        type="button"
        class="quiet"
        aria-label={`${doing} object ${number}`}
        title={isLocked ? 'Unlock: let tools change it again' : 'Lock: no tool changes it'}
        onClick={() => lock(app, id)}
      >
        <Icon name={isLocked ? 'lock' : 'unlock'} />
      </button>
      {hasMask && <MaskTools app={app} object={object} />}
    </div>
  );
}

function MaskTools({ app, object }: Props) {
  return (
    <>
      <ExampleButton app={app} object={object} />
      {Object.entries<Repair>(REPAIRS).map(([method, repair]) => (
        <button
          key={method}
          type="button"
          class="quiet"
          disabled={object.isLocked === true}
          aria-label={`${repair.name} of object ${object.number}`}
          title={`${repair.name}: ${repair.title.toLowerCase()}`}
          onClick={() => repairSelected(app, method as RepairMethod)}
        >
          <Picture path={repair.icon} />
        </button>
      ))}
      <button
        type="button"
        class="quiet"
        aria-label={`Group object ${object.number} with the one before it`}
        title="Group with the object before it"
        disabled={object.isLocked === true}
        onClick={() => groupSelected(app)}
      >
        <Icon name="group" />
      </button>
      <OtherMask app={app} object={object} />
    </>
  );
}

/** Goes through the masks that the last click may mean. */
function OtherMask({ app, object }: Props) {
  const { alternatives } = app;
  if (lastClick(object) === null) return null;
  const why = alternatives.whyNot(object);
  const at = alternatives.placeOf(object);
  const place = at !== null && at.count > 1 ? `${at.place} of ${at.count}` : null;
  return (
    <button
      type="button"
      class="quiet other-mask"
      disabled={why !== null}
      aria-label={[`Another mask for object ${object.number}`, place].filter(Boolean).join(', ')}
      {...titles(app, 'another-mask', why ?? 'Another mask for the last click: a part, or what is around it')}
      onClick={() => void alternatives.next()}
    >
      <Icon name="otherMask" />
      {place !== null && <span>{place}</span>}
    </button>
  );
}

/** Let an object say what is looked for on this photo or the next. */
function ExampleButton({ app, object }: Props) {
  if (whyNot(app.tools.example, app.store.decoder.value) !== null) return null;
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Use object ${object.number} as example`}
      aria-pressed={app.examples.chosen.value?.object === object.id}
      title="Use as example: find what is like it, on this or another photo"
      onClick={() => chooseExample(app, object.id)}
    >
      <Picture path={app.tools.example.icon} />
    </button>
  );
}
