import { useState } from 'preact/hooks';
import { toClientError } from '../../shared/errors';
import type { App } from '../app';
import { Icon } from '../parts/icons';
import { hasWork } from '../state/kept';
import * as say from '../wording/page';

type ExportParts = typeof import('./ExportDialog');

/** Fetched once the page answers clicks, so that an export asks for nothing. */
export const exportParts = (): Promise<ExportParts> => import('./ExportDialog');

/** The button Export and its dialog. */
export function ExportMenu({ app }: { readonly app: App }) {
  const [isOpen, setOpen] = useState(false);
  const [parts, setParts] = useState<ExportParts | null>(null);
  const isPossible = hasWork(app.store);
  const open = (): void => {
    setOpen(true);
    exportParts().then(setParts, (error: unknown) => app.controller.report(toClientError(error, 'network')));
  };
  return (
    <>
      <button
        type="button"
        class="action primary"
        aria-label={say.exportIt}
        aria-haspopup="dialog"
        title={isPossible ? say.exportHint : say.nothingToExportYet}
        disabled={!isPossible}
        onClick={() => open()}
      >
        <Icon name="export" />
        <span class="action-text">{say.exportIt}</span>
      </button>
      {isOpen && parts !== null && <parts.ExportDialog app={app} onClose={() => setOpen(false)} />}
    </>
  );
}
