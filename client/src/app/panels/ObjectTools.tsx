import { resultOf, type SegmentObject } from '../../session/state';
import type { App } from '../app';
import { Picture } from '../parts/icons';
import { whyNot } from '../state/tools';
import { chooseExample } from '../tools/objectActions';
import { REPAIRS, repairSelected, type Repair, type RepairMethod } from '../tools/repairs';
import './ObjectTools.css';

interface Props {
  readonly app: App;
  readonly object: SegmentObject;
}

/** What can be done with the selected object, in its row. */
export function ObjectTools({ app, object }: Props) {
  const hasMask = resultOf(app.store.session.value, object) !== null;
  if (!hasMask) return null;
  return (
    <div class="object-tools">
      <ExampleButton app={app} object={object} />
      {Object.entries<Repair>(REPAIRS).map(([method, repair]) => (
        <button
          key={method}
          type="button"
          class="quiet"
          aria-label={`${repair.name} of object ${object.number}`}
          title={`${repair.name}: ${repair.title.toLowerCase()}`}
          onClick={() => repairSelected(app, method as RepairMethod)}
        >
          <Picture path={repair.icon} />
        </button>
      ))}
    </div>
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
