import { useRef } from 'preact/hooks';
import { nextRedo, nextUndo } from '../../session/history';
import type { App } from '../app';
import { titles, type Titles } from '../tools/keyMap';
import { toClientError } from '../../shared/errors';
import { ExportMenu } from '../export/ExportMenu';
import { EverythingButton } from './Everything';
import { Icon, type IconName } from '../parts/icons';
import { chosenIn, photosOf } from '../photos/folders';
import * as say from '../wording/page';
import './Toolbar.css';

interface ActionProps {
  readonly name: string;
  readonly icon: IconName;
  readonly titles: Titles;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

function Action({ name, icon, titles, disabled = false, onClick }: ActionProps) {
  return (
    <button type="button" class="action" aria-label={name} {...titles} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
      <span class="action-text">{name}</span>
    </button>
  );
}

export function Toolbar({ app }: { readonly app: App }) {
  const { controller, store } = app;
  return (
    <header class="toolbar">
      <h1 class="brand">
        <img src="./icon.svg" alt="" width="24" height="24" />
        <span>{say.brand}</span>
      </h1>
      <div class="actions" role="toolbar" aria-label={say.actions}>
        <OpenButton app={app} />
        <span class="separator" />
        <UndoAndRedo app={app} />
        <Action
          name={say.clear}
          icon="clear"
          titles={{ title: say.clearHint }}
          disabled={(store.activeImage.value?.document.objects.length ?? 0) === 0}
          onClick={() => controller.clear()}
        />
        <span class="separator" />
        <Action
          name={say.newObject}
          icon="newObject"
          titles={titles(app, 'new-object', say.newObjectHint)}
          disabled={store.activeImage.value === null}
          onClick={() => controller.newObject()}
        />
        <EverythingButton app={app} />
      </div>
      <div class="actions actions-end">
        <ExportMenu app={app} />
        <Action
          name={say.help}
          icon="help"
          titles={titles(app, 'help', say.helpHint)}
          onClick={() => (store.helpOpen.value = true)}
        />
      </div>
    </header>
  );
}

function UndoAndRedo({ app }: { readonly app: App }) {
  const { sketch, session } = app.store;
  const undoable = sketch.value?.kind === 'corners' ? 'corner' : nextUndo(session.value);
  const redoable = nextRedo(session.value);
  return (
    <>
      <Action
        name={say.undo}
        icon="undo"
        titles={undoable === null ? { title: say.nothingToUndo } : titles(app, 'undo', say.undoOf(undoable))}
        disabled={undoable === null}
        onClick={() => app.undo()}
      />
      <Action
        name={say.redo}
        icon="redo"
        titles={redoable === null ? { title: say.nothingToRedo } : titles(app, 'redo', say.redoOf(redoable))}
        disabled={redoable === null}
        onClick={() => app.redo()}
      />
    </>
  );
}

function OpenButton({ app }: { readonly app: App }) {
  const [photos, folder] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  return (
    <>
      <Action
        name={say.openImage}
        icon="open"
        titles={{ title: say.openImageHint }}
        onClick={() => photos.current?.click()}
      />
      <Action
        name={say.openFolder}
        icon="folder"
        titles={{ title: say.openFolderHint }}
        onClick={() => folder.current?.click()}
      />
      <input
        ref={photos}
        type="file"
        accept="image/*,video/*,.json,application/json,.zip,application/zip"
        multiple
        hidden
        onChange={({ currentTarget }) => void app.controller.openFiles(takeFiles(currentTarget))}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        {...{ webkitdirectory: true }}
        onChange={({ currentTarget }) => void openFolder(app, takeFiles(currentTarget))}
      />
    </>
  );
}

/** The same files can be chosen again only when the field is empty. */
function takeFiles(field: HTMLInputElement): readonly File[] {
  const files = [...(field.files ?? [])];
  field.value = '';
  return files;
}

async function openFolder({ controller }: App, files: readonly File[]): Promise<void> {
  try {
    await controller.openFiles(photosOf(chosenIn(files)));
  } catch (error) {
    controller.report(toClientError(error, 'image'));
  }
}
