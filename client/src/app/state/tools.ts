/** The tools, a row each, in the order in which they are shown: picker, keys, help and canvas read nothing else. */
import {
  BOXES,
  brushOf,
  CLICKS,
  PLACES,
  POLYGONS,
  SCRIBBLES,
  type ToolGesture,
} from '../../canvas/toolGestures';
import type { RuntimeInfo } from '../../shared/messages';
import type { DecoderState } from './store';

export interface ToolRow {
  readonly name: string;
  /** The letter that chooses it; null: no key does. */
  readonly key: string | null;
  /** A path on a grid of 24. */
  readonly icon: string;
  /** What to do with it. */
  readonly title: string;
  /** What the canvas does. */
  readonly gesture: ToolGesture;
  /** Whether it selects objects, and gives no prompts. */
  readonly selects?: boolean;
  /** Whether its prompts are typed in a field. */
  readonly hasWords?: boolean;
  /** Whether a prompt of it can be all that an object needs. */
  readonly isWhole?: boolean;
  /** Whether its places are examples, and no prompts. */
  readonly isExample?: boolean;
  /** For tools that not every model has: why this one lacks it, null when it does not. */
  readonly lack?: (info: RuntimeInfo) => string | null;
}

export const TOOLS = {
  select: {
    name: 'Select',
    key: 'v',
    icon: 'M4 4h3M11 4h3M18 4h2v2M20 10v3M4 8v3M4 15v3M11 10l9 4-4 1.500L14.500 20z',
    title: 'Click on an object to select it',
    gesture: CLICKS,
    selects: true,
  },
  click: {
    name: 'Click',
    key: 'c',
    icon: 'M6 4l12 7-5 1.500L10.500 18z M14 14l4.500 4.500',
    title: 'Click on the object; right click on what is not',
    gesture: CLICKS,
  },
  box: {
    name: 'Box',
    key: 'b',
    icon: 'M5 8V5h3M16 5h3v3M19 16v3h-3M8 19H5v-3M10.500 5h3M10.500 19h3M5 10.500v3M19 10.500v3',
    title: 'Drag a box around the object',
    gesture: BOXES,
    isWhole: true,
  },
  scribble: {
    name: 'Scribble',
    key: 's',
    icon: 'M4 15c2-6 5-9 6-7s-3 8-1 9 5-8 7-7-2 6 0 7 3-1 4-2',
    title: 'Draw over the object',
    gesture: SCRIBBLES,
  },
  polygon: {
    name: 'Polygon',
    key: 'l',
    icon: 'M12 4l8 6-3 9H7l-3-9z',
    title: 'Click the corners of an outline',
    gesture: POLYGONS,
    isWhole: true,
  },
  text: {
    name: 'Text',
    key: 't',
    icon: 'M5 7V5h14v2M12 5v14M9.500 19h5',
    title: 'Say in words what the object is',
    gesture: CLICKS,
    hasWords: true,
    isWhole: true,
    lack: ({ textBytes }) => (textBytes === null ? 'The loaded model takes no texts' : null),
  },
  example: {
    name: 'Example',
    key: 'e',
    icon: 'M4 6h9v9H4zM16 9h4v10H9v-1',
    title: 'Find what is like an object, of this or another photo; pressed again it finds it here',
    gesture: PLACES,
    isExample: true,
    lack: ({ canFind }) => (canFind === true ? null : 'The loaded model finds nothing by an example'),
  },
  paint: {
    name: 'Paint',
    key: 'p',
    icon: 'M4 20c4 .5 6-1 6-3.500a2.500 2.500 0 0 0-2.500-2.500C5 14 5.500 18 4 20zM10 14.500 19 4l1.500 1.500L11.500 16',
    title: 'Paint pixels into the mask; with the right button or Shift, out of it',
    gesture: brushOf(1),
  },
  erase: {
    name: 'Erase',
    key: 'x',
    icon: 'M4.500 14.500 13 6l6 6-7.500 7.500H8.500zM9 10l6 6M11.500 19.500H20',
    title: 'Take pixels out of the mask; with the right button or Shift, put them back',
    gesture: brushOf(0),
  },
} as const satisfies Readonly<Record<string, ToolRow>>;

export type Tool = keyof typeof TOOLS;

/** All tools of a page. */
export type Tools = Readonly<Record<Tool, ToolRow>>;

/** A row with its name among the tools. */
export interface PlacedTool extends ToolRow {
  readonly tool: Tool;
}

export const placedTools = (tools: Tools): readonly PlacedTool[] =>
  (Object.entries(tools) as [Tool, ToolRow][]).map(([tool, row]) => ({ ...row, tool }));

/** Why a tool cannot be chosen; null when it can. */
export function whyNot({ lack }: ToolRow, decoder: DecoderState): string | null {
  if (lack === undefined) return null;
  return decoder.phase === 'ready' ? lack(decoder.info) : 'The decoder is not loaded yet';
}
