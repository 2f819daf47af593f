import './Page.css';
import { useEffect, useState } from 'preact/hooks';
import { toClientError } from '../shared/errors';
import type { App } from './app';
import { CanvasView } from './drawing/CanvasView';
import { ZoomButtons } from './drawing/ZoomButtons';
import { ClassList } from './panels/ClassList';
import { filesOf, holdsPicture } from './photos/droppedFiles';
import { ExampleBar } from './bars/ExampleBar';
import { EverythingProgress } from './bars/Everything';
import { EmbeddingProgress } from './bars/EmbeddingProgress';
import { useLater } from './parts/useLater';
import { OpenPhotos } from './panels/OpenPhotos';
import { Samples } from './panels/SamplePhotos';
import { PhotoTurner } from './panels/PhotoTurner';
import { ObjectList } from './panels/ObjectList';
import { pasteCopied } from './tools/objectActions';
import { isTyping, keyboardOf } from './tools/keyboard';
import { SpokenRegion } from './bars/SpokenRegion';
import { StatusBar } from './bars/StatusBar';
import { TextBar } from './bars/TextBar';
import { Toolbar } from './bars/Toolbar';
import { TimingsPanel } from './panels/TimingsPanel';
import { ToolPicker } from './tools/ToolPicker';
import { Welcome } from './bars/Welcome';
import * as say from './wording/page';

export function Page({ app }: { readonly app: App }) {
  const isDropTarget = useFiles(app);
  useEffect(() => {
    const keyboard = keyboardOf(app);
    const control = new AbortController();
    const { signal } = control;
    window.addEventListener('keydown', keyboard.down, { signal });
    window.addEventListener('keyup', keyboard.up, { signal });
    window.addEventListener('blur', keyboard.letGo, { signal });
    return () => control.abort();
  }, [app]);
  const hasImage = app.store.activeImage.value !== null;
  return (
    <div class={isDropTarget ? 'page drop-target' : 'page'}>
      <Toolbar app={app} />
      <main class="work">
        <ToolPicker app={app} />
        <div class="stage">
          <CanvasView app={app} />
          <div class="corner">
            <PhotoTurner app={app} />
            {hasImage && <ZoomButtons app={app} />}
          </div>
          {!hasImage && <Welcome app={app} />}
          <EmbeddingProgress app={app} />
          <EverythingProgress app={app} />
          <TextBar app={app} />
          <ExampleBar app={app} />
          <LaterAwaitedPhotos app={app} />
        </div>
        <aside class="panel" aria-label={say.panel}>
          <ObjectList app={app} />
          <ClassList app={app} />
          <OpenPhotos app={app} />
          {hasImage && <Samples app={app} />}
          <TimingsPanel app={app} />
        </aside>
      </main>
      <StatusBar app={app} />
      <SpokenRegion app={app} />
      <LaterDialogs app={app} />
    </div>
  );
}

/** Fetched once the decoder is there, or one of them is asked for. */
function LaterDialogs({ app }: { readonly app: App }) {
  const { decoder, helpOpen, classNamesOpen, attributesOpen, videos } = app.store;
  const isEditing = classNamesOpen.value || attributesOpen.value !== null;
  const isKeyAsked = app.apiKeys.asked.value !== null;
  const isAsked = helpOpen.value || isEditing || isKeyAsked || videos.value.length > 0;
  const isWanted = isAsked || decoder.value.phase !== 'loading';
  const later = useLater(app, () => import('./dialogs/Dialogs'), { isWanted, isAsked });
  return later && <later.Dialogs app={app} />;
}

function LaterAwaitedPhotos({ app }: { readonly app: App }) {
  const isAsked = app.store.awaited.value.length > 0;
  const later = useLater(app, () => import('./panels/AwaitedPhotos'), { isWanted: isAsked, isAsked });
  return later && <later.AwaitedPhotos app={app} />;
}

/** Files dropped or pasted anywhere on the page; tells whether some hover over it. */
function useFiles(app: App): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const open = async (transfer: DataTransfer): Promise<void> => {
      try {
        await app.controller.openFiles(await filesOf(transfer));
      } catch (error) {
        app.controller.report(toClientError(error, 'image'));
      }
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
        if (event.dataTransfer !== null) void open(event.dataTransfer);
      },
    };
    const onPaste = (event: ClipboardEvent): void => {
      const { clipboardData } = event;
      // Pasted text belongs into fields.
      if (clipboardData === null || isTyping(event.target)) return;
      if (holdsPicture(clipboardData)) void open(clipboardData);
      else pasteCopied(app);
    };
    const onBlur = (): void => {
      app.store.leftSinceCopy.value = true;
    };
    const names = ['dragover', 'dragleave', 'drop'] as const;
    for (const name of names) window.addEventListener(name, listeners[name]);
    window.addEventListener('paste', onPaste);
    window.addEventListener('blur', onBlur);
    return () => {
      for (const name of names) window.removeEventListener(name, listeners[name]);
      window.removeEventListener('paste', onPaste);
      window.removeEventListener('blur', onBlur);
    };
  }, [app]);
  return isOver;
}
