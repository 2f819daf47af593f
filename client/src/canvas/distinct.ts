/** Colours for classes whose colours by name look alike. */
import type { ClassColours } from '../session/state';
import { classColour, fromOklch, hexColour, toLinear, type Rgb } from './palette';

/**
 * Distance in OKLab below which two colours look alike. Masks are shown at 43 %, where half of it is left: about the
 * least difference that people see.
 */
export const ALIKE = 0.05;

type Lab = readonly [number, number, number];

/**
 * The chosen colours, and others for classes that look like one before them. What was chosen stays, and so does every
 * colour by name that can; a class for which no colour is farther from the others than its own keeps that, too.
 */
export function toldApart(names: readonly string[], chosen: ClassColours): ClassColours {
  const isChosen = (name: string): boolean => Object.hasOwn(chosen, name);
  const labOf = (name: string): Lab => toLab(classColour(name, chosen));
  const taken = new Taken();
  for (const name of names.filter(isChosen)) taken.take(labOf(name));
  const alike: string[] = [];
  for (const name of names.filter((one) => !isChosen(one))) {
    if (taken.nearest(labOf(name)) < ALIKE) alike.push(name);
    else taken.take(labOf(name));
  }
  const given = alike.flatMap((name): (readonly [string, string])[] => {
    const far = taken.farthest();
    const isFarther = far.distance > taken.nearest(labOf(name));
    taken.take(isFarther ? far.lab : labOf(name));
    return isFarther ? [[name, hexColour(far.rgb)]] : [];
  });
  return { ...chosen, ...Object.fromEntries(given) };
}

interface Candidate {
  readonly rgb: Rgb;
  readonly lab: Lab;
  /** To the nearest of the colours that are taken. */
  readonly distance: number;
}

const LIGHTNESSES = [0.55, 0.65, 0.75, 0.85];
const CHROMAS = [0.15, 0.07];
const HUES = 24;

/** Colours that are taken, and what there is to choose from: the strong ones first. */
class Taken {
  readonly #labs: Lab[] = [];
  #candidates: readonly Candidate[] = CHROMAS.flatMap((chroma) =>
    LIGHTNESSES.flatMap((lightness) =>
      Array.from({ length: HUES }, (_, hue) => {
        const rgb = fromOklch(lightness, chroma, hue / HUES);
        return { rgb, lab: toLab(rgb), distance: Infinity };
      }),
    ),
  );

  take(lab: Lab): void {
    this.#labs.push(lab);
    this.#candidates = this.#candidates.map((one) => ({
      ...one,
      distance: Math.min(one.distance, distanceOf(one.lab, lab)),
    }));
  }

  /** How far the nearest is. */
  nearest(lab: Lab): number {
    return this.#labs.reduce((least, other) => Math.min(least, distanceOf(lab, other)), Infinity);
  }

  farthest(): Candidate {
    return this.#candidates.reduce((far, one) => (one.distance > far.distance ? one : far));
  }
}

/** In OKLab. */
export const distanceOf = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** sRGB in OKLab, in which equal distances look equal. */
export function toLab(rgb: Rgb): Lab {
  const [r = 0, g = 0, b = 0] = rgb.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
