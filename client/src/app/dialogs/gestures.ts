/** What the mouse, fingers and the focused canvas do; these stay as they are. */
export const GESTURE_HELP: readonly (readonly [string, string])[] = [
  ['Click or tap', 'This belongs to the object'],
  ['Right click, Shift, Alt or (Mac) Ctrl+click, long press', 'This does not'],
  [
    'Box, scribble or polygon by the right button, with Shift or after a long press',
    'Nothing in it belongs to the object',
  ],
  ['Wheel, pinch', 'Zoom'],
  ['Space+drag, middle button, two fingers', 'Move the image'],
  ['Drag with the Click tool', 'Move the image'],
  ['Double click, Enter', 'Close the polygon'],
  ['Enter in the text field', 'Add the words to the selected object'],
  ['Arrow keys on the canvas', 'Move the crosshair (with Shift: finely)'],
  ['Enter, Shift+Enter on the canvas', 'Positive, negative click at the crosshair'],
  ['The same with Box, Scribble, Paint and Erase', 'Begin there; Enter again ends it'],
  ['The same with Polygon', 'Corner there; Enter again there closes it'],
  ['Enter in the label of an object', 'Take the label and go back to the canvas'],
];
