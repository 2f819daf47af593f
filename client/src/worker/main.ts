/** Entry of the decoder's worker: one request after the other, each answered once. */
import { Engine } from './engine';
import { configureRuntime, openGraph, PROVIDER } from './ortSession';
import { serve } from './serve';

declare const self: DedicatedWorkerGlobalScope;

const threads = configureRuntime({
  crossOriginIsolated: self.crossOriginIsolated,
  hardwareConcurrency: self.navigator.hardwareConcurrency,
});

serve(
  self,
  new Engine({ provider: PROVIDER, threads, crossOriginIsolated: self.crossOriginIsolated, openGraph }),
);
