/** Of a canvas with a line of text below it, in a shadow root. */
export const STYLE = `
  :host { display: flex; flex-direction: column; block-size: 480px; font: 14px/1.4 system-ui, sans-serif; }
  :host([hidden]) { display: none; }
  canvas { flex: 1; min-block-size: 0; inline-size: 100%; background: #1f2937; cursor: crosshair; touch-action: none; }
  canvas:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
  p { margin: 4px 0 0; min-block-size: 1.4em; }
`;
