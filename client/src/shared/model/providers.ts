/** What ONNX Runtime can compute with, and what a user can ask for. */

/** The name of the provider where the server decodes. */
export const SERVER_PROVIDER = 'server';

export type ProviderName = 'wasm' | 'webgpu';

/**
 * `webgpu`: the GPU, if it computes the same and is faster. `webgpu-forced`: however slow it is, for tests and
 * comparisons; a GPU that computes something else is refused all the same.
 */
export const PROVIDER_WISHES = ['wasm', 'webgpu', 'webgpu-forced'] as const;

export type ProviderWish = (typeof PROVIDER_WISHES)[number];

/** `?provider=webgpu` in the address; anything unknown is the processor, which always works. */
export function providerFrom(query: string): ProviderWish {
  const asked = new URLSearchParams(query).get('provider');
  return PROVIDER_WISHES.find((wish) => wish === asked) ?? 'wasm';
}

/** Who names one is answered by it, however slow it is. */
export const isProviderNamed = (query: string): boolean => new URLSearchParams(query).has('provider');
