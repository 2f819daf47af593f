import { useEffect, useState } from 'preact/hooks';
import type { App } from './app';
import { AwaitedPhotos } from './AwaitedPhotos';
import { CanvasView } from './CanvasView';
import { ClassNamesDialog } from './ClassNamesDialog';
import { HelpDialog } from './HelpDialog';
import { EmbeddingProgress } from './EmbeddingProgress';
import { OpenPhotos, Samples } from './OpenPhotos';
import { ObjectList } from './ObjectList';
import { handleKey } from './shortcuts';
import { StatusBar } from './StatusBar';
import { TextBar } from './TextBar';
import { Toolbar } from './Toolbar';
import { TimingsPanel } from './TimingsPanel';
import { ToolPicker } from './ToolPicker';
import { Welcome } from './Welcome';

export function Page({ app }: { readonly app: App }) {
  const isDropTarget = useFiles(app);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      handleKey(event, app);
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [app]);
  const hasImage = app.store.activeImage.value !== null;
  return (
    <div class={isDropTarget ? 'page drop-target' : 'page'}>
      <Toolbar app={app} />
      <main class="work">
        <ToolPicker app={app} />
        <div class="stage">
          <CanvasView app={app} />
          {!hasImage && <Welcome app={app} />}
          <EmbeddingProgress app={app} />
          <TextBar app={app} />
          <AwaitedPhotos app={app} />
        </div>
        <aside class="panel" aria-label="Objects and photos">
          <ObjectList app={app} />
          <OpenPhotos app={app} />
          {hasImage && <Samples app={app} />}
          <TimingsPanel app={app} />
        </aside>
      </main>
      <StatusBar app={app} />
      <HelpDialog app={app} />
      <ClassNamesDialog app={app} />
    </div>
  );
}

/** Files dropped or pasted anywhere on the page; tells whether some hover over it. */
function useFiles(app: App): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const open = (files: FileList | undefined): void => {
      void app.controller.openFiles([...(files ?? [])]);
    };
    const listeners = {
      dragover: (event: DragEvent) => {
        event.preventDefault();
        setOver(true);
      },
      dragleave: (event: DragEvent) => {
        if (event.relatedTarget === null) setOver(false);
      },
      drop: (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        open(event.dataTransfer?.files);
      },
    };
    const onPaste = (event: ClipboardEvent): void => {
      open(event.clipboardData?.files);
    };
    const names = ['dragover', 'dragleave', 'drop'] as const;
    for (const name of names) window.addEventListener(name, listeners[name]);
    window.addEventListener('paste', onPaste);
    return () => {
      for (const name of names) window.removeEventListener(name, listeners[name]);
      window.removeEventListener('paste', onPaste);
    };
  }, [app]);
  return isOver;
}
