/** Entry of the decoder's worker: one request after the other, each answered once. */
import { Engine } from './engine';
import { configureRuntime, fetchRuntimeFile, openGraph, PROVIDER } from './runtime/ortSession';
import { serve } from './serve';
import { holdLife } from '../api/life';

declare const self: DedicatedWorkerGlobalScope;

const { crossOriginIsolated } = self;

serve(
  self,
  new Engine({
    provider: PROVIDER,
    crossOriginIsolated,
    configure: (wanted) =>
      configureRuntime({
        crossOriginIsolated,
        hardwareConcurrency: self.navigator.hardwareConcurrency,
        wanted,
      }),
    fetch: fetchRuntimeFile,
    openGraph,
    startWebGpu: async (allowsSoftware) =>
      (await import('./runtime/webgpuSession')).startWebGpu(allowsSoftware),
  }),
  holdLife(self.name),
);
