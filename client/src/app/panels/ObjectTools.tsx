import { lastClick } from '../../session/alternatives';
import { resultOf, type SegmentObject } from '../../session/state';
import type { App } from '../app';
import { Icon, Picture } from '../parts/icons';
import { whyNot } from '../state/tools';
import { chooseExample } from '../tools/objectActions';
import { followSelected } from '../tools/followActions';
import { neighbourOf } from '../tools/photoActions';
import { groupSelected, lock } from '../tools/marking';
import { titles } from '../tools/keyMap';
import { REPAIRS, repairSelected, type Repair, type RepairMethod } from '../tools/repairs';
import * as say from '../wording/page';
import './ObjectTools.css';

interface Props {
  readonly app: App;
  readonly object: SegmentObject;
}

/** What can be done with the selected object, in its row. */
export function ObjectTools({ app, object }: Props) {
  const hasMask = resultOf(app.store.session.value, object) !== null;
  const { number, id, isLocked = false } = object;
  return (
    <div class="object-tools">
      <button
        type="button"
        class="quiet"
        aria-label={say.lockObject(number, isLocked)}
        title={isLocked ? say.unlockHint : say.lockHint}
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
          aria-label={say.repairOf(repair.name, object.number)}
          title={say.of(repair.name, repair.title.toLowerCase())}
          onClick={() => repairSelected(app, method as RepairMethod)}
        >
          <Picture path={repair.icon} />
        </button>
      ))}
      <button
        type="button"
        class="quiet"
        aria-label={say.groupObject(object.number)}
        title={say.groupHint}
        disabled={object.isLocked === true}
        onClick={() => groupSelected(app)}
      >
        <Icon name="group" />
      </button>
      <FollowButton app={app} object={object} />
      <OtherMask app={app} object={object} />
    </>
  );
}

/** Only where a photo comes after the shown one. */
function FollowButton({ app, object }: Props) {
  if (neighbourOf(app, 1) === null) return null;
  return (
    <button
      type="button"
      class="quiet"
      aria-label={say.followObject(object.number)}
      disabled={app.store.following.value !== null}
      {...titles(app, 'follow', say.followHint)}
      onClick={() => void followSelected(app)}
    >
      <Icon name="follow" />
    </button>
  );
}

/** Goes through the masks that the last click may mean. */
function OtherMask({ app, object }: Props) {
  const { alternatives } = app;
  if (lastClick(object) === null) return null;
  const why = alternatives.whyNot(object);
  const at = alternatives.placeOf(object);
  const place = at !== null && at.count > 1 ? say.placeOf(at.place, at.count) : null;
  return (
    <button
      type="button"
      class="quiet other-mask"
      disabled={why !== null}
      aria-label={[say.anotherMaskFor(object.number), place].filter(Boolean).join(', ')}
      {...titles(app, 'another-mask', why ?? say.anotherMaskHint)}
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
      aria-label={say.useObjectAsExample(object.number)}
      aria-pressed={app.examples.chosen.value?.object === object.id}
      title={say.exampleHint}
      onClick={() => chooseExample(app, object.id)}
    >
      <Picture path={app.tools.example.icon} />
    </button>
  );
}
