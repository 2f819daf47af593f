/** `@splitseem/client/element`: defines `<splitseem-canvas>`. */
import { SplitseemCanvas } from './canvasElement';

export { SplitseemCanvas };
export type { CanvasEvents, MaskDetail } from './canvasElement';

if (customElements.get('splitseem-canvas') === undefined) {
  customElements.define('splitseem-canvas', SplitseemCanvas);
}

declare global {
  interface HTMLElementTagNameMap {
    'splitseem-canvas': SplitseemCanvas;
  }
}
