import { cssColour, objectColour } from '../../canvas/palette';
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
import './ObjectList.css';

/** Id of the list of names; only the active object has one. */
const NAMES = 'names';

export function ObjectList({ app }: { readonly app: App }) {
  const image = app.store.activeImage.value;
  const objects = image?.document.objects ?? [];
  return (
    <section class="section">
      <header class="section-head">
        <h2>Objects</h2>
        {objects.length > 1 && <OverlapChoice app={app} />}
      </header>
      <ul class="objects" aria-label="Objects">
        {image !== null &&
          objects.map((object) => <ObjectItem key={object.id} app={app} image={image} object={object} />)}
      </ul>
      {objects.length === 0 && (
        <p class="hint">
          {image === null
            ? 'Open a photo to begin.'
            : 'Click on something in the photo: it becomes the first object.'}
        </p>
      )}
    </section>
  );
}

const OVERLAPS: Readonly<Record<Overlap, string>> = {
  allowed: 'Masks may overlap',
  'gives-way': 'New gives way',
  eats: 'New covers old',
};

/** Whose a pixel is that several masks hold. */
function OverlapChoice({ app }: { readonly app: App }) {
  const chosen = overlapOf(app.store.session.value.classList);
  return (
    <select
      class="overlap"
      aria-label="Where masks overlap"
      title="On all photos, as shown and as exported; locked objects come first"
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
  const name = `object ${object.number}`;
  const isActive = image.document.activeObject === object.id;
  const isHidden = image.document.hidden.has(object.id);
  const result = resultOf(store.session.value, object);
  return (
    <li class={isActive ? 'object active' : 'object'} aria-current={isActive}>
      <button
        type="button"
        class="swatch"
        style={{ '--swatch': cssColour(objectColour(object)) }}
        aria-label={`Select ${name}`}
        title={`Select ${name}`}
        onClick={() => controller.selectObject(object.id)}
      >
        {object.number}
      </button>
      <div class="object-text">
        <LabelField app={app} object={object} names={isActive ? NAMES : undefined} />
        {isActive && <Names store={store} result={result} />}
        <small>{[describe(store, object), ...areaOf(store, object), ...marks(object)].join(' · ')}</small>
      </div>
      <button
        type="button"
        class="quiet"
        aria-label={`${isHidden ? 'Show' : 'Hide'} ${name}`}
        title={isHidden ? 'Show' : 'Hide'}
        onClick={() => controller.toggleVisible(object.id)}
      >
        <Icon name={isHidden ? 'eyeOff' : 'eye'} />
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={`Delete ${name}`}
        title={isActive ? titles(app, 'delete', 'Delete').title : 'Delete'}
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
  if (count === 0) return 'no prompt yet';
  const prompts = count === 1 ? '1 prompt' : `${count} prompts`;
  const failed = object.steps.filter(({ id }) => failedSteps.value.has(id)).length;
  if (failed > 0) return failed === count ? `${prompts} · failed` : `${prompts} · ${failed} left out`;
  const result = resultOf(session.value, object);
  if (result === null || object.steps.some(({ id }) => !session.value.results.has(id))) {
    return `${prompts} · waiting`;
  }
  // Its mask comes soon; what is exported has none before.
  if (result.isDraft) return `${prompts} · draft`;
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

const marks = ({ group, isLocked }: SegmentObject): readonly string[] => [
  ...(group === undefined ? [] : [`group ${group}`]),
  ...(isLocked === true ? ['locked'] : []),
];

/** "12,345 px", once all prompts are answered for good. */
function areaOf({ session }: Store, { steps }: SegmentObject): readonly string[] {
  const results = steps.map(({ id }) => session.value.results.get(id));
  const last = results.at(-1);
  if (last === undefined || results.some((result) => result?.isDraft !== false)) return [];
  return [`${last.area.toLocaleString('en')} px`];
}
