import { mergeConfig } from 'vite';
import { fileURLToPath } from 'node:url';
import base from '../vite.config.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** The page of the benchmark; the product does not serve it. */
export default mergeConfig(base, {
  root: folder,
  publicDir: false,
  build: { outDir: `${folder}/../../build/bench/page`, emptyOutDir: true },
});
