import { cssColour, inkOn, objectColour } from '../../canvas/palette';
import { classNamesOf, overlapOf } from '../../session/classes';
import { resultOf, type ImageState, type Overlap, type SegmentObject } from '../../session/state';
import { rankedNames } from '../../shared/model/naming';
import type { StepResult } from '../../shared/types';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { chooseOverlap } from '../tools/marking';
import { LabelField } from './LabelField';
import { ObjectFields } from './ObjectFields';
import { ObjectTools } from './ObjectTools';
import type { Store } from '../state/store';
import { titles } from '../tools/keyMap';
import { TextChips } from './TextChips';
import * as say from '../wording/page';
import './ObjectList.css';

/** Id of the list of names; only the active object has one. */
const NAMES = 'names';

export function ObjectList({ app }: { readonly app: App }) {
  const image = app.store.activeImage.value;
  const objects = image?.document.objects ?? [];
  return (
    <section class="section">
      <header class="section-head">
        <h2>{say.objects}</h2>
        {objects.length > 1 && <OverlapChoice app={app} />}
      </header>
      <ul class="objects" aria-label={say.objects}>
        {image !== null &&
          objects.map((object) => <ObjectItem key={object.id} app={app} image={image} object={object} />)}
      </ul>
      {objects.length === 0 && <p class="hint">{image === null ? say.openToBegin : say.clickToBegin}</p>}
    </section>
  );
}

const OVERLAPS: Readonly<Record<Overlap, string>> = {
  allowed: say.masksMayOverlap,
  'gives-way': say.newGivesWay,
  eats: say.newCoversOld,
};

/** Whose a pixel is that several masks hold. */
function OverlapChoice({ app }: { readonly app: App }) {
  const chosen = overlapOf(app.store.session.value.classList);
  return (
    <select
      class="overlap"
      aria-label={say.whereMasksOverlap}
      title={say.overlapHint}
      onChange={({ currentTarget }) => chooseOverlap(app, currentTarget.value as Overlap)}
    >
      {Object.entries(OVERLAPS).map(([overlap, name]) => (
        <option key={overlap} value={overlap} selected={overlap === chosen}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface ItemProps {
  readonly app: App;
  readonly image: ImageState;
  readonly object: SegmentObject;
}

function ObjectItem({ app, image, object }: ItemProps) {
  const { store, controller } = app;
  const { number } = object;
  const isActive = image.document.activeObject === object.id;
  const isHidden = image.document.hidden.has(object.id);
  const result = resultOf(store.session.value, object);
  const colour = objectColour(object, store.classColours.value);
  return (
    <li class={isActive ? 'object active' : 'object'} aria-current={isActive}>
      <button
        type="button"
        class="swatch"
        style={{ '--swatch': cssColour(colour), '--ink': inkOn(colour) }}
        aria-label={say.selectObject(number)}
        title={say.selectObject(number)}
        onClick={() => controller.selectObject(object.id)}
      >
        {number}
      </button>
      <div class="object-text">
        <LabelField app={app} object={object} names={isActive ? NAMES : undefined} />
        {isActive && <Names store={store} result={result} />}
        <small>{say.joined(describe(store, object), ...areaOf(store, object), ...marks(object))}</small>
      </div>
      <button
        type="button"
        class="quiet"
        aria-label={say.showOrHide(number, isHidden)}
        title={isHidden ? say.show : say.hide}
        onClick={() => controller.toggleVisible(object.id)}
      >
        <Icon name={isHidden ? 'eyeOff' : 'eye'} />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={say.deleteObject(number)}
        title={isActive ? titles(app, 'delete', say.deleteIt).title : say.deleteIt}
        disabled={object.isLocked === true}
        onClick={() => controller.deleteObject(object.id)}
      >
        <Icon name="close" />
      </button>
      {isActive && <ObjectTools app={app} object={object} />}
      {isActive && <ObjectFields app={app} object={object} />}
      <TextChips app={app} object={object} />
    </li>
  );
}

/** "3 prompts · 87 %"; with a label of the user's own, what the model says beside it. */
function describe(store: Store, object: SegmentObject): string {
  const { session, failedSteps } = store;
  const count = object.steps.length;
  if (count === 0) return say.noPromptYet;
  const prompts = say.counted(count, 'prompt');
  const failed = object.steps.filter(({ id }) => failedSteps.value.has(id)).length;
  if (failed > 0) return say.joined(prompts, failed === count ? say.failed : say.leftOut(failed));
  const result = resultOf(session.value, object);
  if (result === null || object.steps.some(({ id }) => !session.value.results.has(id))) {
    return say.joined(prompts, say.waiting);
  }
  // Its mask comes soon; what is exported has none before.
  if (result.isDraft) return say.joined(prompts, say.draft);
  if (result.label === null || result.labelScore === null) return prompts;
  const certainty = `${Math.round(100 * result.labelScore)} %`;
  const isOwn = object.userLabel !== null && object.userLabel !== result.label;
  return `${prompts} · ${isOwn ? `${result.label}? ` : ''}${certainty}`;
}

/** What the label may be: the likeliest first, where the model has seen the object. */
function Names({ store, result }: { readonly store: Store; readonly result: StepResult | null }) {
  const vocabulary = store.vocabulary.value;
  const isNamed = result !== null && vocabulary !== null;
  const ranked = isNamed ? rankedNames(result.classEmbed, vocabulary) : (vocabulary?.names ?? []);
  const names = new Set([...ranked, ...classNamesOf(store.session.value)]);
  return (
    <datalist id={NAMES}>
      {[...names].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

const marks = ({ group, track, isLocked }: SegmentObject): readonly string[] => [
  ...(track === undefined ? [] : [say.ofTrack(track)]),
  ...(group === undefined ? [] : [say.ofGroup(group)]),
  ...(isLocked === true ? [say.locked] : []),
];

/** "12,345 px", once all prompts are answered for good. */
function areaOf({ session }: Store, { steps }: SegmentObject): readonly string[] {
  const results = steps.map(({ id }) => session.value.results.get(id));
  const last = results.at(-1);
  if (last === undefined || results.some((result) => result?.isDraft !== false)) return [];
  return [say.pixels(last.area)];
}
