/** Fetches and opens the graphs that texts need, once, when the first text does. */
import type { Manifest } from '../shared/manifest';
import { GeneralDecoder } from './generalDecoder';
import type { Graph } from './graph';
import { fetchTextFiles, type TextFiles } from './modelFiles';

export class TextGraphs {
  readonly #modelUrl: string;
  readonly #manifest: Manifest;
  readonly #openGraph: (bytes: ArrayBuffer) => Promise<Graph>;
  #files: Promise<TextFiles> | null = null;
  #opened: Promise<GeneralDecoder> | null = null;

  constructor(modelUrl: string, manifest: Manifest, openGraph: (bytes: ArrayBuffer) => Promise<Graph>) {
    this.#modelUrl = modelUrl;
    this.#manifest = manifest;
    this.#openGraph = openGraph;
  }

  /** What failed is tried again by the next call. */
  async fetch(): Promise<void> {
    if (this.#opened === null) await this.#fetched();
  }

  async open(): Promise<GeneralDecoder> {
    this.#opened ??= this.#open();
    try {
      return await this.#opened;
    } catch (error) {
      this.#opened = null;
      throw error;
    }
  }

  async #fetched(): Promise<TextFiles> {
    this.#files ??= fetchTextFiles(this.#modelUrl, this.#manifest);
    try {
      return await this.#files;
    } catch (error) {
      this.#files = null;
      throw error;
    }
  }

  async #open(): Promise<GeneralDecoder> {
    const { prepare, step, wirings, weight } = await this.#fetched();
    const graphs = [prepare && (await this.#openGraph(prepare)), await this.#openGraph(step)] as const;
    this.#files = null;
    return new GeneralDecoder(...graphs, wirings, weight);
  }
}
