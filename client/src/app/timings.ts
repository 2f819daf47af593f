import type { StepTimings } from '../shared/types';
import type { Store } from './store';

export interface NamedTimings extends StepTimings {
  readonly image: string;
  readonly object: number;
  readonly prompt: string;
}

/** Milliseconds of every step that has been answered, in the order of images, objects and prompts. */
export function timingsOf(store: Store): NamedTimings[] {
  const { images, results } = store.session.value;
  return images.flatMap(({ name, document }) =>
    document.objects.flatMap(({ number, steps }) =>
      steps.flatMap(({ id, prompt }) => {
        const timings = results.get(id)?.timings;
        return timings === undefined
          ? []
          : [{ image: name, object: number, prompt: prompt.kind, ...timings }];
      }),
    ),
  );
}
