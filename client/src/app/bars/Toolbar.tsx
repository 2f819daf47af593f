import { useRef } from 'preact/hooks';
import { nextRedo, nextUndo } from '../../session/history';
import type { App } from '../app';
import { titles, type Titles } from '../tools/keyMap';
import { toClientError } from '../../shared/errors';
import { ExportMenu } from '../export/ExportMenu';
import { EverythingButton } from './Everything';
import { Icon, type IconName } from '../parts/icons';
import { chosenIn, photosOf } from '../photos/folders';
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
        <span>splitseem</span>
      </h1>
      <div class="actions" role="toolbar" aria-label="Actions">
        <OpenButton app={app} />
        <span class="separator" />
        <UndoAndRedo app={app} />
        <Action
          name="Clear"
          icon="clear"
          titles={{ title: 'Remove all objects of this photo' }}
          disabled={(store.activeImage.value?.document.objects.length ?? 0) === 0}
          onClick={() => controller.clear()}
        />
        <span class="separator" />
        <Action
          name="New object"
          icon="newObject"
          titles={titles(app, 'new-object', 'Prompts from now on belong to another object')}
          disabled={store.activeImage.value === null}
          onClick={() => controller.newObject()}
        />
        <EverythingButton app={app} />
      </div>
      <div class="actions actions-end">
        <ExportMenu app={app} />
        <Action
          name="Help"
          icon="help"
          titles={titles(app, 'help', 'Keys, and how to change them')}
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
        name="Undo"
        icon="undo"
        titles={undoable === null ? { title: 'Nothing to undo' } : titles(app, 'undo', `Undo ${undoable}`)}
        disabled={undoable === null}
        onClick={() => app.undo()}
      />
      <Action
        name="Redo"
        icon="redo"
        titles={redoable === null ? { title: 'Nothing to redo' } : titles(app, 'redo', `Redo ${redoable}`)}
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
        name="Open image"
        icon="open"
        titles={{ title: 'Open photos, a saved project or annotations; dropping or pasting works too' }}
        onClick={() => photos.current?.click()}
      />
      <Action
        name="Open folder"
        icon="folder"
        titles={{ title: 'Open all photos of a folder; dropping it works too' }}
        onClick={() => folder.current?.click()}
      />
      <input
        ref={photos}
        type="file"
        accept="image/*,.json,application/json,.zip,application/zip"
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
