/** `sdk/splitseem/canvas.js`: the widget for Jupyter in one file, as anywidget takes it. */
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: '../sdk/splitseem',
    emptyOutDir: false,
    lib: { entry: 'src/pieces/widget.ts', formats: ['es'], fileName: () => 'canvas.js' },
  },
});
