import type { SegmentObject, Step } from '../../session/state';
import { sayFailure, sayWhatHappened } from '../../shared/failures';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import * as say from '../wording/page';
import './TextChips.css';

interface ChipsProps {
  readonly app: App;
  readonly object: SegmentObject;
}

/** The texts of an object, which the canvas cannot show; and a way on when one could not be looked up. */
export function TextChips({ app, object }: ChipsProps) {
  const { controller, store } = app;
  const texts = object.steps.filter(({ prompt }) => prompt.kind === 'text');
  const reasons = new Set(
    object.steps.flatMap(({ id }) => {
      const error = store.failedSteps.value.get(id);
      return error === undefined ? [] : [sayWhatHappened(error)];
    }),
  );
  const hasFailed = reasons.size > 0;
  if (texts.length === 0 && !hasFailed) return null;
  return (
    <div class="chips">
      {texts.map((step) => (
        <Chip key={step.id} app={app} object={object} step={step} />
      ))}
      {hasFailed && (
        <button type="button" class="chip retry" onClick={() => controller.retryPrompts()}>
          {say.tryAgain}
        </button>
      )}
      {[...reasons].map((reason) => (
        <p key={reason} class="reason">
          {say.leftOutSince(reason.charAt(0).toLowerCase() + reason.slice(1))}
        </p>
      ))}
    </div>
  );
}

function Chip({ app: { controller, store }, object, step }: ChipsProps & { readonly step: Step }) {
  const text = step.prompt.kind === 'text' ? step.prompt.text : '';
  const error = store.failedSteps.value.get(step.id);
  const isPending = !store.session.value.results.has(step.id);
  const kind = error !== undefined ? 'chip failed' : isPending ? 'chip pending' : 'chip';
  return (
    <span class={kind} title={error === undefined ? text : `${text}: ${sayFailure(error)}`}>
      <span>{text}</span>
      <button
        type="button"
        aria-label={say.removeText(text)}
        title={say.takeTheseWordsBack}
        onClick={() => controller.removePrompt(object.id, step.id)}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}
