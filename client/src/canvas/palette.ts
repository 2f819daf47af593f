/** Colours of objects: far apart in hue, readable on photos, told apart by people with colour-blindness. */
export type Rgb = readonly [number, number, number];

const COLOURS: readonly Rgb[] = [
  [56, 132, 255],
  [255, 159, 28],
  [0, 191, 150],
  [236, 72, 153],
  [250, 204, 21],
  [139, 92, 246],
  [34, 211, 238],
  [239, 68, 68],
  [132, 204, 22],
  [217, 119, 87],
];

/** Colour of an object by its number, from 1 on. */
export const colourOf = (number: number): Rgb => COLOURS[(number - 1) % COLOURS.length] ?? [56, 132, 255];

export const cssColour = ([r, g, b]: Rgb, alpha = 1): string => `rgb(${r} ${g} ${b} / ${alpha})`;
