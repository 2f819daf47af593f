/** Photos and masks that exports stumble over, as a session. */
import { EMPTY_SESSION, nextPending, type Session } from '../../src/session/state';
import * as change from '../../src/session/transitions';
import { rleFromMask } from '../masks';
import type { SizeHw } from '../../src/shared/types';
import { click, stepResult } from '../samples';

export interface HostileMask {
  readonly name: string;
  readonly size: SizeHw;
  /** Row by row, 1 inside. */
  readonly pixels: Uint8Array;
}

type Inside = (x: number, y: number) => boolean;

const SIZE: SizeHw = { height: 23, width: 37 };
const WIDE: SizeHw = { height: 3, width: 12_000 };
const TALL: SizeHw = { height: 3000, width: 2 };
const DOT: SizeHw = { height: 1, width: 1 };

function maskOf(name: string, size: SizeHw, inside: Inside): HostileMask {
  const at = (index: number): boolean => inside(index % size.width, Math.floor(index / size.width));
  return {
    name,
    size,
    pixels: Uint8Array.from({ length: size.width * size.height }, (_, i) => Number(at(i))),
  };
}

/** Distance from the middle in the larger of both directions. */
const square = (x: number, y: number): number => Math.max(Math.abs(x - 18), Math.abs(y - 11));

export const HOSTILE_MASKS: readonly HostileMask[] = [
  maskOf('empty', SIZE, () => false),
  maskOf('full', SIZE, () => true),
  maskOf('one pixel', SIZE, (x, y) => x === 5 && y === 7),
  maskOf('holes in holes', SIZE, (x, y) => square(x, y) <= 10 && square(x, y) % 2 === 0),
  maskOf('many holes', SIZE, (x, y) => (x % 3 !== 1 || y % 3 !== 1) && square(x, y) < 11),
  maskOf(
    'two holes one above the other',
    SIZE,
    (x, y) => square(x, y) < 9 && !(x === 18 && (y === 6 || y === 14)),
  ),
  maskOf(
    'two holes that touch at a corner',
    SIZE,
    (x, y) => square(x, y) < 9 && !(x === y && (x === 10 || x === 11)),
  ),
  maskOf(
    'a hole that touches the outline at a corner',
    SIZE,
    (x, y) => x < 9 && y < 9 && x + y > 0 && !(x === 1 && y === 1),
  ),
  maskOf('parts that touch at corners', SIZE, (x, y) => (x + y) % 2 === 0),
  maskOf('several parts', SIZE, (x, y) => Math.floor(x / 5) % 2 === 0 && Math.floor(y / 4) % 2 === 0),
  maskOf('noise', SIZE, (x, y) => (x * 7919 + y * 104729 + x * x * y) % 5 < 3),
  maskOf('the upper edge', SIZE, (_, y) => y === 0),
  maskOf('the lower edge', SIZE, (_, y) => y === SIZE.height - 1),
  maskOf('the left edge', SIZE, (x) => x === 0),
  maskOf('the right edge', SIZE, (x) => x === SIZE.width - 1),
  maskOf('a frame', SIZE, (x, y) => x === 0 || y === 0 || x === SIZE.width - 1 || y === SIZE.height - 1),
  maskOf('a comb', SIZE, (x, y) => y === 0 || x % 2 === 0),
  maskOf('a diagonal', SIZE, (x, y) => x === y || x === y + 1),
  maskOf('a wide photo', WIDE, (x, y) => y === 1 || x % 97 === 0),
  maskOf('a tall photo', TALL, (x, y) => x === 1 || y % 31 === 4),
  maskOf('a photo of one pixel', DOT, () => true),
];

/** Names of photos that are the same to somebody, or that no file can have. */
export const HOSTILE_NAMES = [
  ...['0001.jpg', '0001.jpg', '0001.JPG', '0001.png', '0001-2.jpg', 'Cat.jpg', 'cat.jpg', 'caf\u00e9.jpg'],
  ...[
    'cafe\u0301.jpg',
    'a/b.jpg',
    'a\\b.jpg',
    '../../etc/passwd',
    'say "hi".jpg',
    "it's.jpg",
    '\u{1f408}.jpg',
    '.jpg',
    '',
  ],
  ...[
    'a\tb\n.jpg',
    'a b.jpg',
    'a-b.jpg',
    'CON.png',
    'no ending',
    'two.dots.jpg',
    `${'long'.repeat(60)}.jpg`,
    ' .jpg',
  ],
] as const;

/** What people call objects, and files stumble over. */
const HOSTILE_LABELS = [
  ...['dog, large', 'say "cat"', "a bird's nest", 'and/or', 'back\\slash', '\u{1f408}\u200d\u2b1b black cat'],
  ...[
    '\u05db\u05dc\u05d1',
    '\u0643\u0644\u0628 (1)',
    '<b>&amp;',
    '0',
    '#7: x',
    'na\u00efve',
    ' one;two|three ',
  ],
] as const;

/** An object with this mask on the active photo, answered. */
export function withMask(session: Session, { pixels, size }: HostileMask): Session {
  const prompted = change.addPrompt(change.newObject(session), click(0.5, 0.5), 0);
  const pending = nextPending(
    prompted,
    () => true,
    () => true,
  );
  if (pending === null) throw new Error('nothing to answer');
  const mask = rleFromMask(pixels, size);
  return change.recordResult(prompted, pending.step.id, {
    ...stepResult({ fill: 0, size }),
    mask,
    classEmbed: new Float32Array(2),
  });
}

const sameSize = (a: SizeHw, b: SizeHw): boolean => a.height === b.height && a.width === b.width;

/** A photo of every size with all masks of that size, then a photo of every name with one mask. */
export function hostileSession(): Session {
  let session = EMPTY_SESSION;
  for (const size of [SIZE, WIDE, TALL, DOT]) {
    session = change.openImage(session, `${size.width} x ${size.height}.png`, size);
    for (const mask of HOSTILE_MASKS.filter((other) => sameSize(other.size, size))) {
      session = withMask(session, mask);
      const { document } = session.images.at(-1) ?? {};
      const last = document?.objects.at(-1);
      // Half of them have a name of the user's.
      if (last && last.number % 2 === 0)
        session = change.relabel(session, last.id, HOSTILE_LABELS[last.number / 2 - 1] ?? mask.name);
    }
  }
  const [first] = session.images[0]?.document.objects ?? [];
  session = change.activateImage(session, session.images[0]?.id ?? '');
  session = change.deleteObject(session, first?.id ?? '');
  for (const name of HOSTILE_NAMES) {
    const pixels = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, i) =>
      Number(i < session.images.length),
    );
    session = withMask(change.openImage(session, name, SIZE), { name, size: SIZE, pixels });
  }
  return session;
}

const LARGE: SizeHw = { height: 480, width: 640 };
const distance = (x: number, y: number, cx: number, cy: number): number =>
  Math.hypot(x + 0.5 - cx, y + 0.5 - cy);

/** Shapes that readers which count whole pixels tell nearly right, too. */
const LARGE_MASKS: readonly HostileMask[] = [
  maskOf('a disc', LARGE, (x, y) => distance(x, y, 200, 180) < 120),
  maskOf('a ring with a disc in it', LARGE, (x, y) => {
    const far = distance(x, y, 420, 240);
    return far < 60 || (far > 110 && far < 190);
  }),
  maskOf('two parts', LARGE, (x, y) => distance(x, y, 120, 360) < 90 || distance(x, y, 520, 110) < 80),
  maskOf('a cross to all edges', LARGE, (x, y) => Math.abs(x - 320) < 50 || Math.abs(y - 240) < 40),
];

/** One photo of a usual size with large masks, that overlap. */
export function largeSession(): Session {
  return LARGE_MASKS.reduce(
    (session, mask) => withMask(session, mask),
    change.openImage(EMPTY_SESSION, 'large, "640".png', LARGE),
  );
}
