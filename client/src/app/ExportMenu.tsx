import { useEffect, useRef, useState } from 'preact/hooks';
import { toClientError } from '../shared/errors';
import type { App } from './app';
import { EXPORT_FORMATS, hasMasks, type ExportFormat } from './exportActions';
import { Icon } from './icons';

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

export function ExportMenu({ app }: { readonly app: App }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpen(false);
    };
    window.addEventListener('pointerdown', closeOutside);
    return () => {
      window.removeEventListener('pointerdown', closeOutside);
    };
  }, [isOpen]);

  const choose = (format: ExportFormat): void => {
    setOpen(false);
    void runExport(app, format);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (event.key === 'Escape') setOpen(false);
    else if (step !== undefined) moveFocus(root.current, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="menu-root" ref={root} onKeyDown={isOpen ? onKeyDown : undefined}>
      <button
        type="button"
        class="action primary"
        aria-label="Export"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        title={hasMasks(app.store) ? 'Save masks or the project' : 'Nothing to export yet'}
        disabled={!hasMasks(app.store)}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <Icon name="export" />
        <span class="action-text">Export</span>
      </button>
      {isOpen && (
        <div class="menu" role="menu" aria-label="Export">
          {EXPORT_FORMATS.map((format) => (
            <button
              type="button"
              role="menuitem"
              aria-label={format.name}
              aria-description={format.hint}
              onClick={() => {
                choose(format);
              }}
            >
              <span>{format.name}</span>
              <small>{format.hint}</small>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

async function runExport({ store, controller }: App, format: ExportFormat): Promise<void> {
  try {
    await format.run(store);
    controller.notify(`${format.name} saved to your downloads`);
  } catch (error) {
    controller.report(toClientError(error, 'image'));
  }
}

function moveFocus(root: HTMLElement | null, step: number): void {
  const items = [...(root?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const current = items.findIndex((item) => item === document.activeElement);
  items[(current + step + items.length) % items.length]?.focus();
}
