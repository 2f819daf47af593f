import { defaultClientConditions, defineConfig } from 'vite';

// SharedArrayBuffer, and with it threads in WASM, exists only on pages that send these two headers.
const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const server = process.env.SPLITSEEM_DEV_SERVER ?? 'http://127.0.0.1:8000';
const proxy = { '/v1': server, '/embed': server };

// ONNX Runtime's own loader must stay a separate file: bundled into our worker, its threads would start
// our worker again and wait for ever.
const resolve = { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] };

export default defineConfig({
  base: './',
  resolve,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  build: {
    ...{ target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 300 },
    rolldownOptions: {
      // Words of `app/wording` stand where they are said: the page is smaller by gzip.
      optimization: { inlineConst: { mode: 'all', pass: 2 } },
      // All that is needed at once in one file: several are larger together.
      output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } },
    },
  },
  server: { headers: isolationHeaders, proxy },
  preview: { headers: isolationHeaders, proxy },
});
