/** The words of what is loaded after the first mask, by the dialog that says them; see `page.ts`. */

const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

// Export

export const marksLost = (objects: number): string =>
  `This format has no groups and attributes; ${counted(objects, 'object')} will lack theirs`;
export const emptyLeftOut = (objects: number): string =>
  `Left out: ${counted(objects, 'object')} with an empty mask`;
export const unconfirmed = (names: number, written: string): string =>
  `Written as “${written}”: ${counted(names, 'name')} that you have not confirmed`;
export const guessesUsed = (names: number): string => `Guesses of the model written as categories: ${names}`;
