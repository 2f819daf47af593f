import { useEffect, useRef, useState } from 'preact/hooks';
import { labelOf, resultOf, type SegmentObject } from '../../session/state';
import { MAX_LABEL } from '../../session/transitions';
import type { App } from '../app';
import { focusCanvas } from '../parts/focus';
import { Icon } from '../parts/icons';
import type { Store } from '../state/store';
import * as say from '../wording/page';
import './LabelField.css';

interface Props {
  readonly app: App;
  readonly object: SegmentObject;
  /** Id of a list of names to choose from. */
  readonly names: string | undefined;
}

/**
 * What an object is called. What is typed is kept: when an answer comes meanwhile, and when another photo is
 * opened and takes the field off the page.
 */
export function LabelField({ app: { store, controller }, object, names }: Props) {
  const { typed, type, commit } = useTyped((label) => controller.relabel(object.id, label));
  const label = labelOf(store.session.value, object);
  const isGuess = label?.origin === 'model';
  return (
    <div class="object-name">
      <input
        class={isGuess ? 'object-label guess' : 'object-label'}
        aria-label={say.labelOfObject(object.number)}
        title={isGuess ? say.guessHint : undefined}
        list={names}
        maxLength={MAX_LABEL}
        readOnly={object.isLocked === true}
        value={typed ?? label?.text ?? ''}
        placeholder={placeholderOf(store, object)}
        onFocus={() => controller.selectObject(object.id)}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onChange={commit}
        onBlur={commit}
        onKeyDown={({ key, isComposing, currentTarget }) => {
          if (isComposing || (key !== 'Enter' && key !== 'Escape')) return;
          if (key === 'Escape') type(null);
          // Enter on a guess that was not changed says that it is right.
          else if (typed === null) controller.relabel(object.id, currentTarget.value);
          // What was typed is taken when the field loses the focus.
          focusCanvas();
        }}
      />
      {isGuess && typed === null && (
        <button
          type="button"
          class="quiet confirm"
          aria-label={say.confirmLabel(object.number)}
          title={say.yesItIs(label.text)}
          onClick={() => controller.relabel(object.id, label.text)}
        >
          <Icon name="check" />
        </button>
      )}
    </div>
  );
}

/** Of a mask that was drawn or merged the model has no guess. */
function placeholderOf({ session }: Store, object: SegmentObject): string {
  if (object.steps.length === 0) return say.clickOnIt;
  return resultOf(session.value, object) === null ? '…' : say.noNameYet;
}

/** Words that are being typed: null while there are none. They are committed once, at the latest when the field goes. */
function useTyped(onCommit: (text: string) => void): {
  readonly typed: string | null;
  readonly type: (text: string | null) => void;
  readonly commit: () => void;
} {
  const [typed, setTyped] = useState<string | null>(null);
  const newest = useRef<string | null>(null);
  const type = (text: string | null): void => {
    newest.current = text;
    setTyped(text);
  };
  const commit = (): void => {
    const text = newest.current;
    type(null);
    if (text !== null) onCommit(text);
  };
  const latest = useRef(commit);
  latest.current = commit;
  useEffect(() => () => latest.current(), []);
  return { typed, type, commit };
}
