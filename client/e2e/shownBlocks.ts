/** Run inside the page of any browser: what its canvas shows of each photo of blocks. */

/** Let no embedding be made: only what is shown counts. */
export function holdEmbeddings(): void {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return url.includes('/v1/embed') ? new Promise<Response>(() => undefined) : fetch(input, init);
  };
}

/** Wait for `count` photos, choose one after the other, and read the colour at the middle of each block of 16 pixels. */
export async function colourOfBlocks(count: number): Promise<[string, number[][][] | string][]> {
  const photoButtons = (): HTMLButtonElement[] => [
    ...document.querySelectorAll<HTMLButtonElement>('ul[aria-label=Photos] button[title]:not([aria-label])'),
  ];
  const frame = (): Promise<unknown> =>
    new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const deadline = Date.now() + 120_000;
  while (photoButtons().length < count && Date.now() < deadline) await frame();
  const canvas = document.querySelector<HTMLCanvasElement>('canvas[aria-label="Image canvas"]');
  const context = canvas?.getContext('2d');
  const read: [string, number[][][] | string][] = [];
  for (const button of photoButtons()) {
    button.click();
    await frame();
    const [, name, w, h] = /^(.*), (\d+) x (\d+)$/.exec(button.title) ?? [];
    if (!canvas || !context || name === undefined) {
      read.push([button.title, 'nothing is shown']);
      continue;
    }
    const [width, height] = [Number(w), Number(h)];
    const scale = 0.96 * Math.min(canvas.width / width, canvas.height / height);
    const at = (x: number, y: number): number[] => {
      const left = canvas.width / 2 + (x - width / 2) * scale;
      const top = canvas.height / 2 + (y - height / 2) * scale;
      return [...context.getImageData(Math.floor(left), Math.floor(top), 1, 1).data.slice(0, 3)];
    };
    const middles = (size: number): number[] => Array.from({ length: size / 16 }, (_, n) => 16 * n + 8);
    const blocks = (): number[][][] => middles(height).map((y) => middles(width).map((x) => at(x, y)));
    // The photo is decoded, and fitted to the canvas, some frames after it was chosen; no photo is of one colour.
    const waited = Date.now() + 5_000;
    const isDrawn = (): boolean => new Set(blocks().flat().map(String)).size > 1 || Date.now() > waited;
    let seen = blocks();
    for (let same = 0; same < 5;) {
      await frame();
      const now = blocks();
      same = String(now) === String(seen) && isDrawn() ? same + 1 : 0;
      seen = now;
    }
    read.push([name, seen]);
  }
  return read;
}
