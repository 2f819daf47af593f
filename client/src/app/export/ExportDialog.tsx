/** The dialog Export, and all formats: fetched once the page answers. */
import { useState } from 'preact/hooks';
import { annotated, type Annotated } from '../../exports/annotated';
import { Failure, type ClientError } from '../../shared/errors';
import type { App } from '../app';
import {
  countGuesses,
  EXPORT_FORMATS,
  exportAs,
  exportSource,
  remarksOn,
  scopedTo,
  whyNotExport,
  type ExportFormat,
  type ExportOptions,
} from './exportActions';
import { Dialog } from '../parts/Dialog';
import * as say from '../wording/later';
import './ExportMenu.css';

interface DialogProps {
  readonly app: App;
  readonly onClose: () => void;
}

export function ExportDialog({ app, onClose }: DialogProps) {
  return (
    <Dialog name="export" heading={say.exportIt} closing={say.closeExport} isOpen onClose={onClose}>
      {(close) => <ExportForm app={app} onDone={close} />}
    </Dialog>
  );
}

interface FormProps {
  readonly app: App;
  readonly onDone: () => void;
}

function ExportForm({ app, onDone }: FormProps) {
  const { store } = app;
  const [name, choose] = useState(last.format);
  const [useGuesses, setUseGuesses] = useState(false);
  const [wantsShown, setWantsShown] = useState(false);
  const [tolerance, setTolerance] = useState(last.tolerance);
  const all = annotated(store.session.value);
  const source = exportSource(store, all);
  const possible = EXPORT_FORMATS.filter((format) => whyNotExport(format, source) === null);
  const chosen = possible.find((format) => format.name === name) ?? possible[0];
  const isOfMany = chosen?.scope === 'all' && all.photos.length > 1 && source.shown !== null;
  const options = { useGuesses, tolerance, onlyShown: isOfMany && wantsShown };
  const exported = chosen === undefined ? all : scopedTo(store, chosen, all, options);
  const hasGuesses = chosen?.hasCategories === true && countGuesses(exported.photos) > 0;
  const save = (): void => {
    if (chosen === undefined) return;
    last = { format: chosen.name, tolerance };
    void runExport(app, chosen, options);
    onDone();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Formats source={source} chosen={chosen} onChoose={choose} />
      {isOfMany && <Scope onlyShown={wantsShown} onChoose={setWantsShown} />}
      {chosen?.hasOutlines === true && <Tolerance pixels={tolerance} onChoose={setTolerance} />}
      {hasGuesses && (
        <label class="choice">
          <input
            type="checkbox"
            checked={useGuesses}
            onChange={({ currentTarget }) => setUseGuesses(currentTarget.checked)}
          />
          {say.useGuesses}
        </label>
      )}
      {chosen !== undefined && <Remarks format={chosen} exported={exported} options={options} />}
      <div class="dialog-actions">
        <button type="submit" class="action primary" disabled={chosen === undefined}>
          {say.save}
        </button>
      </div>
    </form>
  );
}

interface RemarksProps {
  readonly format: ExportFormat;
  readonly exported: Annotated;
  readonly options: ExportOptions;
}

const Remarks = ({ format, exported, options }: RemarksProps) => (
  <ul class="remarks" aria-label={say.aboutThisFile}>
    {remarksOn(format, exported, options).map((remark) => (
      <li key={remark}>{remark}.</li>
    ))}
  </ul>
);

interface ScopeProps {
  readonly onlyShown: boolean;
  readonly onChoose: (onlyShown: boolean) => void;
}

const Scope = ({ onlyShown, onChoose }: ScopeProps) => (
  <div class="choice" role="radiogroup" aria-label={say.photosInTheFile}>
    {[false, true].map((isOne) => (
      <label key={isOne} class="choice">
        <input
          type="radio"
          name="export-photos"
          checked={onlyShown === isOne}
          onChange={() => onChoose(isOne)}
        />
        {isOne ? say.onlyShown : say.allPhotos}
      </label>
    ))}
  </div>
);

const MOST_TOLERANCE = 20;

interface ToleranceProps {
  readonly pixels: number;
  readonly onChoose: (pixels: number) => void;
}

const Tolerance = ({ pixels, onChoose }: ToleranceProps) => (
  <label class="choice">
    {say.toleranceOfOutlines}
    <input
      type="number"
      aria-label={say.toleranceOfOutlinesPixels}
      title={say.toleranceHint}
      min={0}
      max={MOST_TOLERANCE}
      step={0.5}
      value={pixels}
      onChange={({ currentTarget: { value } }) =>
        onChoose(Math.min(Math.max(Number(value) || 0, 0), MOST_TOLERANCE))
      }
    />
    {say.pixelsForFewerCorners}
  </label>
);

/** What was saved last; it is offered again. */
let last = { format: 'COCO', tolerance: 0 };

interface FormatsProps {
  readonly source: ReturnType<typeof exportSource>;
  readonly chosen: ExportFormat | undefined;
  readonly onChoose: (name: string) => void;
}

function Formats({ source, chosen, onChoose }: FormatsProps) {
  return (
    <div class="formats" role="radiogroup" aria-label={say.format}>
      {EXPORT_FORMATS.map((format, index) => (
        <Format
          key={format.name}
          format={format}
          id={`format-${index}`}
          isChosen={format === chosen}
          why={whyNotExport(format, source)}
          onChoose={() => onChoose(format.name)}
        />
      ))}
    </div>
  );
}

interface FormatProps {
  readonly format: ExportFormat;
  readonly id: string;
  readonly isChosen: boolean;
  readonly why: string | null;
  readonly onChoose: () => void;
}

function Format({ format, id, isChosen, why, onChoose }: FormatProps) {
  return (
    <div class={why === null ? 'format' : 'format disabled'}>
      <input
        type="radio"
        name="export-format"
        autofocus={isChosen}
        id={id}
        aria-describedby={`${id}-hint`}
        checked={isChosen}
        disabled={why !== null}
        onChange={onChoose}
      />
      <label for={id}>{format.name}</label>
      <small id={`${id}-hint`}>{why ?? format.hint}</small>
    </div>
  );
}

async function runExport(
  { store, controller }: App,
  format: ExportFormat,
  options: ExportOptions,
): Promise<void> {
  try {
    const remarks = await exportAs(format, store, options);
    controller.notify([say.savedToDownloads(format.name), ...remarks].join('. '));
  } catch (error) {
    controller.report(exportError(error, format));
  }
}

function exportError(thrown: unknown, { name }: ExportFormat): ClientError {
  if (thrown instanceof Failure) return thrown.detail;
  return { kind: 'image', what: 'export-failed', about: name, message: String(thrown) };
}
