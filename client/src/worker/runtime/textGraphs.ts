/** The graphs that texts need, fetched and opened when the first text does. */
import type { Manifest } from '../../shared/model/manifest';
import { GeneralDecoder } from '../decode/generalDecoder';
import type { Graph } from './graph';
import { fetchTextFiles } from './modelFiles';
import { onDemand, type OnDemand } from './once';

export function textGraphs(
  modelUrl: string,
  manifest: Manifest,
  openGraph: (bytes: ArrayBuffer) => Promise<Graph>,
): OnDemand<GeneralDecoder> {
  return onDemand(
    () => fetchTextFiles(modelUrl, manifest),
    async ({ prepare, step, wirings, weight }) =>
      new GeneralDecoder(prepare && (await openGraph(prepare)), await openGraph(step), wirings, weight),
  );
}
