/** Colours of objects: far apart in hue, readable on photos, told apart by people with colour-blindness. */
import type { ClassColours } from '../session/state';

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

/** What the colour of an object follows from. */
export interface Coloured {
  /** From 1 on. */
  readonly number: number;
  /** What the user calls it, or null. */
  readonly userLabel: string | null;
}

/** By its class once it has one by the user, till then by its number. */
export const objectColour = ({ number, userLabel }: Coloured, chosen: ClassColours): Rgb =>
  userLabel === null ? numberColour(number) : classColour(userLabel, chosen);

const numberColour = (number: number): Rgb => COLOURS[(number - 1) % COLOURS.length] ?? [56, 132, 255];

/** What can be read on a colour, black or white: a contrast of 4.58 and more. */
export function inkOn(rgb: Rgb): 'black' | 'white' {
  const [r = 0, g = 0, b = 0] = rgb.map(toLinear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > MIDDLE_LUMINANCE ? 'black' : 'white';
}

/** As far from black as from white, by the contrast of WCAG. */
const MIDDLE_LUMINANCE = Math.sqrt(1.05 * 0.05) - 0.05;

export const cssColour = ([r, g, b]: Rgb, alpha = 1): string => `rgb(${r} ${g} ${b} / ${alpha})`;

const HUES = 360;
const LIGHTNESSES = [0.7, 0.8, 0.62, 0.88] as const;
const CHROMA = 0.15;

/** Colour of a class: as the user chose it, else by its name. */
export function classColour(name: string, chosen: ClassColours): Rgb {
  const hex = Object.hasOwn(chosen, name) ? chosen[name] : undefined;
  return hex === undefined ? colourByName(name) : fromHex(hex);
}

/** By the name alone: the same on every photo, in every session and in every export. */
function colourByName(name: string): Rgb {
  const hash = hashOf(name.normalize('NFC'));
  const hue = (hash % HUES) / HUES;
  return fromOklch(LIGHTNESSES[Math.floor(hash / HUES) % LIGHTNESSES.length] ?? 0.7, CHROMA, hue);
}

function fromHex(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export const hexColour = (rgb: Rgb): string =>
  `#${rgb.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;

/** FNV-1a of the UTF-16 units, mixed so that names that differ in one letter differ in every bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** OKLCH, in which equal steps look equal, to sRGB; the hue is a part of the circle. */
export function fromOklch(lightness: number, chroma: number, hue: number): Rgb {
  const [a, b] = [chroma * Math.cos(2 * Math.PI * hue), chroma * Math.sin(2 * Math.PI * hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Of a channel of sRGB: its share of the light. */
export function toLinear(byte: number): number {
  const part = byte / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function toByte(linear: number): number {
  const part = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(Math.max(part, 0), 1));
}
