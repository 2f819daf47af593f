import type { SegmentObject, Step } from '../session/state';
import type { App } from './app';
import { Icon } from './icons';

interface ChipsProps {
  readonly app: App;
  readonly object: SegmentObject;
}

/** The texts of an object, which the canvas cannot show; and a way on when one could not be looked up. */
export function TextChips({ app, object }: ChipsProps) {
  const { controller, store } = app;
  const texts = object.steps.filter(({ prompt }) => prompt.kind === 'text');
  const hasFailed = object.steps.some(({ id }) => store.failedSteps.value.has(id));
  if (texts.length === 0 && !hasFailed) return null;
  return (
    <div class="chips">
      {texts.map((step) => (
        <Chip key={step.id} app={app} object={object} step={step} />
      ))}
      {hasFailed && (
        <button
          type="button"
          class="chip retry"
          onClick={() => {
            controller.retryPrompts();
          }}
        >
          Try again
        </button>
      )}
    </div>
  );
}

function Chip({ app: { controller, store }, object, step }: ChipsProps & { readonly step: Step }) {
  const text = step.prompt.kind === 'text' ? step.prompt.text : '';
  const isPending = !store.session.value.results.has(step.id);
  return (
    <span class={isPending ? 'chip pending' : 'chip'} title={text}>
      <span>{text}</span>
      <button
        type="button"
        aria-label={`Remove text ${text}`}
        title="Take these words back"
        onClick={() => {
          controller.removePrompt(object.id, step.id);
        }}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}
