import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../app';
import { focusCanvas } from '../parts/focus';
import { offeredBy } from '../steps/examples';
import * as say from '../wording/page';
import './TextBar.css';

/** Where the Example tool takes an object of any open photo; on the canvas one shows another. */
export function ExampleBar({ app }: { readonly app: App }) {
  const { store, examples, tools } = app;
  const field = useRef<HTMLSelectElement>(null);
  const isShown = tools[store.tool.value].isExample === true && store.activeImage.value !== null;
  useEffect(() => {
    if (isShown) field.current?.focus();
  }, [isShown]);
  if (!isShown) return null;
  const chosen = examples.chosen.value;
  const isRunning = examples.isRunning.value;
  const find = (): void => {
    void examples.find();
    focusCanvas();
  };
  return (
    <form
      class="text-bar"
      onSubmit={(event) => {
        event.preventDefault();
        find();
      }}
    >
      <select
        ref={field}
        aria-label={say.exampleObject}
        title={say.exampleObjectHint}
        onChange={({ currentTarget }) => examples.choose(currentTarget.value)}
        onKeyDown={({ key }) => {
          if (key === 'Escape') focusCanvas();
          if (key === 'Enter' && chosen !== null) find();
        }}
      >
        <Offers app={app} />
      </select>
      <button
        type="submit"
        class="action primary"
        disabled={chosen === null || isRunning}
        title={say.findHereHint}
      >
        {isRunning ? say.finding : say.findHere}
      </button>
    </form>
  );
}

/** Objects of all open photos, by photo. */
function Offers({ app: { store, examples } }: { readonly app: App }) {
  const chosen = examples.chosen.value;
  return (
    <>
      <option value="" selected={chosen?.object == null}>
        {chosen !== null && chosen.object === null ? say.whatYouShowed : say.chooseExample}
      </option>
      {offeredBy(store.session.value).map(({ image, photo, objects }) => (
        <optgroup key={image} label={photo}>
          {objects.map(({ id, name }) => (
            <option key={id} value={id} selected={chosen?.object === id}>
              {name}
            </option>
          ))}
        </optgroup>
      ))}
    </>
  );
}
