/** The page's parts, joined. */
import { computed } from '@preact/signals';
import { readCanvases, type Canvases } from '../api/canvases';
import { later } from '../bridge/decoder';
import { serviceAt, type MakeServerDecoder } from '../bridge/service';
import { Gestures } from '../canvas/pointer';
import { acceptBegun, selectAt } from '../session/objects';
import type { PolygonItem } from '../shared/generated';
import { mapsFrom } from '../shared/model/maps';
import { isProviderNamed, providerFrom } from '../shared/model/providers';
import type { PromptItem } from '../shared/types';
import { Alternatives } from './steps/alternatives';
import { sharpenAsTheyCome } from './steps/closer';
import { Examples } from './steps/examples';
import { drawnMask } from './steps/drawnMask';
import { Everything } from './steps/everything';
import { Words } from './steps/words';
import { Controller, type Services as ControllerServices } from './controller';
import { readFile, readPhoto } from './photos/photo';
import { KeptEmbeddings } from './photos/keptEmbeddings';
import { SmallerPhotos } from './photos/smallerPhotos';
import type { Works } from './saving/database';
import { LaterKeeping } from './saving/laterKeeping';
import { ApiKeys } from './state/apiKeys';
import { brushRadius } from './state/brush';
import { createStore, type Store } from './state/store';
import { TOOLS, whyNot, type Tool, type ToolRow, type Tools } from './state/tools';
import { View } from './state/view';

export interface Services extends ControllerServices {
  readonly openWorks: () => Promise<Works>;
  readonly apiKeys: ApiKeys;
  /** Which canvases the server takes. */
  readonly canvases: () => Promise<Canvases | null>;
}

export interface App {
  readonly store: Store;
  readonly controller: Controller;
  readonly keeping: LaterKeeping;
  readonly apiKeys: ApiKeys;
  readonly everything: Everything;
  readonly words: Words;
  readonly examples: Examples;
  readonly alternatives: Alternatives;
  readonly view: View;
  readonly gestures: Gestures;
  readonly tools: Tools;
  readonly canvases: Services['canvases'];
  chooseTool(tool: Tool): void;
  /** What is being drawn first, then what was done. */
  undo(): void;
  redo(): void;
  /** Close the polygon that is being drawn, or else the object: the next prompt begins another. */
  accept(): void;
}

export function createApp(services: Services, tools: Tools = TOOLS): App {
  const store = createStore();
  const controller = new Controller(store, { ...services, embed: embedAsChosen(store, services) });
  const keeping = new LaterKeeping({ store, controller, ...services });
  const everything = new Everything(store, services, controller);
  const words = new Words(store, services, controller);
  const examples = new Examples(store, services, controller);
  const alternatives = new Alternatives(store, services, controller);
  const view = new View(store);
  const gestures = gesturesOn({ store, controller, examples, view, tools });
  startOverWithEachPhoto({ store, view, gestures });
  sharpenAsTheyCome(store, (edit) => controller.change(edit));
  const chooseTool = (tool: Tool): void => {
    if (whyNot(tools[tool], store.decoder.value) !== null) return;
    gestures.cancel();
    if (tools[tool].isExample === true && store.tool.value === tool) void examples.find();
    store.tool.value = tool;
    if (tools[tool].hasWords === true) controller.expectText();
  };
  const { apiKeys, canvases } = services;
  const works = { store, controller, keeping, everything, words, examples, alternatives };
  const parts = { ...works, apiKeys, canvases, view, gestures, tools };
  return { ...parts, chooseTool, ...drawnFirst(gestures, controller) };
}

/** Photos are sent as the user has chosen. */
const embedAsChosen =
  ({ sendsSmaller }: Store, { embed }: Services): Services['embed'] =>
  (photo, options) =>
    embed(photo, { ...options, isSmaller: sendsSmaller.value });

/** What pointers and the crosshair do with the chosen tool. */
function gesturesOn({
  store,
  controller,
  examples,
  view,
  tools,
}: Pick<App, 'store' | 'controller' | 'examples' | 'view' | 'tools'>): Gestures {
  return new Gestures({
    tool: () => tools[store.tool.value].gesture,
    viewport: () => store.viewport.value,
    imageSize: () => store.activeImage.value?.size ?? null,
    brush: () => brushRadius(store),
    give: (prompt) => {
      const { selects, isExample }: ToolRow = tools[store.tool.value];
      if (isExample === true) void examples.show(prompt);
      else if (selects === true && prompt.kind === 'click')
        controller.change((session) => selectAt(session, prompt));
      else if (prompt.kind === 'polygon' && store.drawsMasks.value) void giveDrawn(store, controller, prompt);
      else give(store, controller, prompt);
    },
    showSketch: (sketch) => {
      store.sketch.value = sketch;
    },
    pan: (by) => view.pan(by),
    zoom: (factor, anchor) => view.zoom(factor, anchor),
  });
}

function give(store: Store, controller: Controller, prompt: PromptItem): void {
  controller.give(prompt);
  if (store.acceptsAtOnce.value) controller.change(acceptBegun);
}

async function giveDrawn(store: Store, controller: Controller, outline: PolygonItem): Promise<void> {
  const prompt = await drawnMask(store, outline);
  if (prompt !== null) give(store, controller, prompt);
}

/** What is meant first for what is being drawn. */
const drawnFirst = (gestures: Gestures, controller: Controller): Pick<App, 'undo' | 'redo' | 'accept'> => ({
  undo: () => {
    if (!gestures.undo()) controller.undo();
  },
  redo: () => {
    if (!gestures.redo()) controller.redo();
  },
  accept: () => {
    if (gestures.hasCorners) gestures.closePolygon();
    else controller.newObject();
  },
});

/**
 * What is drawn on a photo never goes to another. By the signals, not by a component: the next press or key may come
 * before the page is drawn again.
 */
function startOverWithEachPhoto({ store, view, gestures }: Pick<App, 'store' | 'view' | 'gestures'>): void {
  const shown = computed(() => store.activeImage.value?.id);
  shown.subscribe(() => {
    store.crosshair.value = null;
    gestures.cancel();
    view.fit();
  });
}

/** Fetched where the worker does not decode. */
const serverDecoder: MakeServerDecoder = (url, milliseconds, keys) =>
  later(async () => (await import('../bridge/serverDecoder')).createServerDecoder(url, milliseconds, keys));

/** The real services: the server that sent the page, and a worker. */
export function browserServices(): Services {
  const address = (path: string): string => new URL(path, document.baseURI).href;
  const maps = mapsFrom(location.search);
  const patience = patienceFrom(location.search);
  const apiKeys = new ApiKeys();
  const { convert, ...service } = serviceAt(address, {
    ...{ keys: apiKeys, maps, patience },
    unlessSlow: !isProviderNamed(location.search),
    makeServerDecoder: serverDecoder,
  });
  const canvases = (): Promise<Canvases | null> => readCanvases(address('v1/model'));
  const sending = new SmallerPhotos(service.embed, canvases);
  const embeddings = new KeptEmbeddings(sending.embed, `${address('v1/embed')} ${maps ?? ''}`);
  return {
    ...service,
    embed: embeddings.embed,
    apiKeys,
    readFile: (file, options) => readFile(file, convert, options),
    reopen: async ({ file, name, digest }, decodes = true) => ({
      ...(await readPhoto(file, name, convert, decodes)),
      ...(digest !== undefined && { digest }),
    }),
    openWorks: () => openKept(embeddings),
    canvases,
    threads: threadsFrom(location.search),
    provider: providerFrom(location.search),
    maps,
    patience,
    now: () => performance.now(),
  };
}

/** Work that is kept; the embeddings are kept beside it, where that is possible. */
async function openKept(kept: KeptEmbeddings): Promise<Works> {
  try {
    const { works, embeddings } = await (await import('./saving/database')).openWorks();
    kept.open(embeddings);
    return works;
  } catch (error) {
    kept.open(null);
    throw error;
  }
}

/** `?patience=300` in the address, for slow servers: most seconds without a sign of life; as milliseconds. */
function patienceFrom(query: string): number | undefined {
  const seconds = Number(new URLSearchParams(query).get('patience'));
  return Number.isFinite(seconds) && seconds > 0 ? 1000 * seconds : undefined;
}

/** `?threads=2` in the address, for machines on which the usual number is not the best. */
function threadsFrom(query: string): number | null {
  const threads = Number(new URLSearchParams(query).get('threads'));
  return Number.isInteger(threads) && threads > 0 ? threads : null;
}
