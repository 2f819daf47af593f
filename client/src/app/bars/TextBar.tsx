import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../app';
import { focusCanvas } from '../parts/focus';
import { giveWords } from '../tools/acceptance';
import * as say from '../wording/page';
import './TextBar.css';

/** As in `MAX_CHARACTERS` of the server. */
const MAX_LENGTH = 1000;

/** Where the Text tool takes its words; on the canvas one still clicks. */
export function TextBar({ app }: { readonly app: App }) {
  const { store, tools } = app;
  const field = useRef<HTMLInputElement>(null);
  const isShown = tools[store.tool.value].hasWords === true && store.activeImage.value !== null;
  useEffect(() => {
    if (isShown) field.current?.focus();
  }, [isShown]);
  if (!isShown) return null;
  return (
    <form
      class="text-bar"
      onSubmit={(event) => {
        event.preventDefault();
        if (field.current === null) return;
        void giveWords(app, field.current.value);
        field.current.value = '';
      }}
    >
      <input
        ref={field}
        type="text"
        aria-label={say.textPrompt}
        placeholder={say.textExample}
        maxLength={MAX_LENGTH}
        autocomplete="off"
        onKeyDown={({ key }) => {
          if (key === 'Escape') focusCanvas();
        }}
      />
      <button type="submit" class="action primary" aria-label={say.addText} title={say.addTextHint}>
        {say.add}
      </button>
    </form>
  );
}
