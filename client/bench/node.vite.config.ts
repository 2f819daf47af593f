import { defineConfig } from 'vite';
import { fileURLToPath } from 'node:url';

/** What benchmarks run of the page under node. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  publicDir: false,
  ssr: { external: ['onnxruntime-web'] },
  build: {
    ssr: 'bench/everything.ts',
    outDir: fileURLToPath(new URL('../node_modules/.cache/bench', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
  },
});
