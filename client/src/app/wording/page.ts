/**
 * The words of the page, by the folder that says them: to be read, corrected and translated in one place. What dialogs
 * say that are loaded later is in `later.ts`, what went wrong in `../../shared/failures.ts`.
 *
 * Import it as `say`: `say.selectFirst`. Sentences with values are functions.
 */

/** "1 object", "3 objects" */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

// state/

export const restored = (objects: number, photo: string): string =>
  objects === 0 ? `Restored what was said of ${photo}` : `Restored ${counted(objects, 'object')} of ${photo}`;

// panels/

export const clickOnIt = 'click on it';
export const noNameYet = 'no name yet';

// tools/: what keys and buttons answer

export const selectFirst = 'Select an object first: click on its number in the list';
export const selectMaskFirst = 'Select an object with a mask first';
export const selectedIsLocked =
  'The selected object is locked: unlock it in its row, or begin another with New object';
export const mergeTwo = (key: string): string =>
  `Select an object with a mask below another one, neither of them locked: ${key} makes one of both`;
export const groupTwo = (key: string): string =>
  `Select an object below another one, neither of them locked: ${key} groups the two`;
export const merging = 'merging';
export const grouping = 'grouping';
export const hidden = (number: number, key: string): string =>
  `Object ${number} is hidden: ${key} shows all again`;
export const showing = 'the eye in its row';
export const nothingHidden = 'No object of this photo is hidden';
export const inNoGroup = 'The selected object belongs to no group';
export const copied = (prompts: number, key: string): string =>
  `Copied an object with ${counted(prompts, 'prompt')}: ${key} gives them again, on this or another photo`;
export const pasting = 'pasting';
export const exampleChosen = (key: string): string =>
  `That is the example: ${key} finds it on the photo on screen`;
export const findHere = 'Find here';
export const repairedAlready: Readonly<Record<string, string>> = {
  'fill-holes': 'The holes of this mask are filled',
  'remove-specks': 'The specks of this mask are removed',
};
