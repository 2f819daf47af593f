/** Which canvases the server embeds photos on. */
import { within } from './wait';

/** Pixels. */
export interface Canvases {
  /** What the model takes unless asked otherwise. */
  readonly usual: number;
  readonly largest: number;
}

/** By the header of `/v1/model`; null: the server does not say. */
export async function readCanvases(modelUrl: string): Promise<Canvases | null> {
  const { signal } = new AbortController();
  const response = await within({ patience: 'file', signal }, (limit) =>
    fetch(modelUrl, { method: 'HEAD', signal: limit }),
  );
  const [, usual, largest] =
    /^(\d+); max=(\d+)$/.exec(response.headers.get('X-Splitseem-Canvas') ?? '') ?? [];
  return usual === undefined ? null : { usual: Number(usual), largest: Number(largest) };
}
