import { useEffect, useRef, useState } from 'preact/hooks';
import { framesOf, frameTimes, openVideo, type FrameWish, type OpenVideo } from '../../pixels/videoFrames';
import { toClientError } from '../../shared/errors';
import type { App } from '../app';
import { Dialog } from '../parts/Dialog';
import * as say from '../wording/later';
import './VideoDialog.css';

/** Frames that are offered at first: enough for most clips, and few enough to be made ready in minutes. */
const USUAL: FrameWish = { perSecond: 5, most: 100 };
/** Images of a project, less some room. */
const MOST_FRAMES = 4000;

/** Which frames of a video become photos; one video after the other. */
export function VideoDialog({ app }: { readonly app: App }) {
  const { videos } = app.store;
  const file = videos.value[0];
  const [video, setVideo] = useState<OpenVideo | null>(null);
  const next = (): void => {
    videos.value = videos.value.slice(1);
  };
  useEffect(() => {
    if (file === undefined) return;
    let opened: OpenVideo | null = null;
    let isOver = false;
    openVideo(file).then(
      (found) => {
        opened = found;
        if (isOver) found.close();
        else setVideo(found);
      },
      (error: unknown) => {
        app.controller.report(toClientError(error, 'image'));
        if (!isOver) next();
      },
    );
    return () => {
      isOver = true;
      opened?.close();
      setVideo(null);
    };
  }, [file]);
  return (
    <Dialog
      name="video"
      heading={say.framesOfAVideo}
      closing={say.closeTheVideo}
      isOpen={video !== null}
      onClose={() => {
        if (video !== null) next();
      }}
    >
      {(close) => video && <FramesForm app={app} video={video} onDone={close} />}
    </Dialog>
  );
}

interface FormProps {
  readonly app: App;
  readonly video: OpenVideo;
  readonly onDone: () => void;
}

/** Reads frames once it is begun. Stopping keeps those that were read; closing the dialog opens none. */
function useReading({ app, video, onDone }: FormProps) {
  const [reading, setReading] = useState<Reading | null>(null);
  const isClosed = useRef(false);
  const abort = reading?.abort;
  useEffect(
    () => () => {
      if (abort === undefined) return;
      isClosed.current = true;
      abort.abort();
    },
    [abort],
  );
  const read = async (times: readonly number[]): Promise<void> => {
    const began = new AbortController();
    const show = (done: number): void => setReading({ done, abort: began });
    show(0);
    const files = await filesOf(app, video, times, began.signal, show);
    if (isClosed.current) return;
    onDone();
    await app.controller.openFiles(files);
  };
  return { reading, read };
}

function FramesForm(props: FormProps) {
  const { video, onDone } = props;
  const [wish, setWish] = useState(USUAL);
  const { reading, read } = useReading(props);
  const times = frameTimes(video.duration, wish);
  const { width, height } = video.size;
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        void read(times);
      }}
    >
      <p>
        <strong>{video.name}</strong>
        {say.aboutVideo(secondsOf(video.duration), width, height)}
      </p>
      <NumberField
        name={say.framesASecond}
        {...{ value: wish.perSecond, min: 0.01, max: 120, isLocked: reading !== null }}
        onChange={(perSecond) => setWish({ ...wish, perSecond })}
      />
      <NumberField
        name={say.atMost}
        {...{ value: wish.most, min: 1, max: MOST_FRAMES, isLocked: reading !== null }}
        onChange={(most) => setWish({ ...wish, most: Math.floor(most) })}
      />
      <p class="hint">{summary(times, video.duration)}</p>
      {reading === null ? (
        <Choices count={times.length} onCancel={onDone} />
      ) : (
        <ReadingFrames reading={reading} total={times.length} />
      )}
    </form>
  );
}

const Choices = ({ count, onCancel }: { readonly count: number; readonly onCancel: () => void }) => (
  <div class="dialog-actions">
    <button type="button" class="action" onClick={onCancel}>
      {say.cancel}
    </button>
    <button type="submit" class="action primary">
      {say.openFrames(count)}
    </button>
  </div>
);

const ReadingFrames = ({ reading, total }: { readonly reading: Reading; readonly total: number }) => (
  <>
    <progress aria-label={say.readingFrames} value={reading.done} max={total} />
    <div class="dialog-actions">
      <button type="button" class="action" onClick={() => reading.abort.abort()}>
        {say.stopAfterFrame(reading.done, total)}
      </button>
    </div>
  </>
);

interface Reading {
  readonly done: number;
  readonly abort: AbortController;
}

interface NumberProps {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly isLocked: boolean;
  readonly onChange: (value: number) => void;
}

const NumberField = ({ name, value, min, max, isLocked, onChange }: NumberProps) => (
  <label>
    {name}
    <input
      class="dialog-field"
      type="number"
      step="any"
      required
      {...{ value, min, max, disabled: isLocked }}
      onInput={({ currentTarget }) => {
        const { valueAsNumber, validity } = currentTarget;
        if (validity.valid) onChange(valueAsNumber);
      }}
    />
  </label>
);

/** Those that were read until it was stopped or broke off, which is said. */
async function filesOf(
  { controller }: App,
  video: OpenVideo,
  times: readonly number[],
  signal: AbortSignal,
  onFrame: (done: number) => void,
): Promise<readonly File[]> {
  const files: File[] = [];
  try {
    for await (const file of framesOf(video, times, signal)) onFrame(files.push(file));
  } catch (error) {
    controller.report(toClientError(error, 'image'));
  }
  return files;
}

function summary(times: readonly number[], duration: number): string {
  const last = times.at(-1) ?? 0;
  const to = secondsOf(last);
  return say.framesUntil(to) + (duration - last > 2 ? say.leftOutAfter(to) : '');
}

/** "1:07.4" */
const secondsOf = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;
