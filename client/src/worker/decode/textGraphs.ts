/** The graphs that texts need, fetched and opened when the first text does. */
import type { Manifest } from '../../shared/model/manifest';
import { GeneralDecoder } from './generalDecoder';
import type { Graph } from '../runtime/graph';
import { fetchTextFiles } from '../runtime/modelFiles';
import { onDemand, type OnDemand } from '../runtime/once';

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
