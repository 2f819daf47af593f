/** `package/dist`: the package for other pages, from the sources of the page. */
import { defineConfig, type Plugin } from 'vite';
import page from './vite.config.ts';

const OUT = 'package/dist';
const entry = (name: string): string => new URL(`src/${name}.ts`, import.meta.url).pathname;

const OWN_WORKER = "new Worker(new URL('../worker/main.ts', import.meta.url)";

/**
 * The worker is an entry with a name of its own, which the code says as bundlers of others understand it. The build for
 * the GPU, 27 MB, stays out: nothing in the package asks for it.
 */
const forOthers: Plugin = {
  name: 'for-others',
  enforce: 'pre',
  transform: (code, id) => {
    if (id.endsWith('/bridge/decoder.ts')) return code.replace(OWN_WORKER, 'new Worker(WORKER_SCRIPT');
    if (!id.endsWith('/worker/runtime/webgpuSession.ts')) return null;
    return "export const startWebGpu = () => Promise.reject(new Error('this package has no GPU runtime'));";
  },
  renderChunk: (code) =>
    code
      .replace('WORKER_SCRIPT', 'new URL("./worker.js", import.meta.url)')
      // The runtime asks where it lies itself, by the name of a file that is not there: webpack looks for it.
      .replace('new URL("ort.wasm.min.mjs", import.meta.url)', 'new URL(import.meta.url)')
      // Vite's own helper for imports that come later; where Vite builds others' pages, it adds another of that name.
      .replaceAll('__vitePreload', 'importLater'),
};

export default defineConfig({
  ...page,
  plugins: [forOthers],
  publicDir: false,
  build: {
    ...page.build,
    outDir: OUT,
    modulePreload: false,
    // Bundlers of others read the code, and understand plain strings alone.
    minify: false,
    rolldownOptions: {
      input: { index: entry('pieces/index'), element: entry('pieces/element'), worker: entry('worker/main') },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'shared-[hash].js',
        assetFileNames: '[name][extname]',
      },
    },
  },
});
