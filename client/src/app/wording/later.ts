/** The words of what is loaded after the first mask, by the dialog that says them; see `page.ts`. */

const counted = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

// exportActions

export const noMaskYet = 'No object has a mask yet';
export const noMaskHere = 'No object of this photo has a mask';
export const savedToDownloads = (format: string): string => `${format} saved to your downloads`;
export const outlinesOverlap = (percent: string, measured: number, objects: number): string =>
  `Outlines and masks overlap by ${percent} % or more${measured < objects ? ` (of the first ${measured} of ${objects} objects)` : ''}`;
export const marksLost = (objects: number): string =>
  `This format has no groups and attributes; ${counted(objects, 'object')} will lack theirs`;
export const emptyLeftOut = (objects: number): string =>
  `Left out: ${counted(objects, 'object')} with an empty mask`;
export const unconfirmed = (names: number, written: string): string =>
  `Written as “${written}”: ${counted(names, 'name')} that you have not confirmed`;
export const guessesUsed = (names: number): string => `Guesses of the model written as categories: ${names}`;

// AttributesDialog

export const attributesOf = (name: string): string => `Attributes of “${name}”`;
export const attributesExample = 'colour = brown, black, white\ntame?\nnote';
export const closeAttributes = 'Close attributes';
export const attributes = 'Attributes';
export const attributesHelp =
  'An attribute a line: a name with values after = is to choose from, one with ? to tick, any other to type. The selected object of this class shows them as fields.';
export const colourByName = 'Colour by name';
export const colourByNameHint = 'Give up the colour that you chose';
export const useTheseAttributes = 'Use these attributes';

// ClassNamesDialog

export const classNamesHeading = 'What objects are called';
export const closeClassNames = 'Close class names';
export const classNames = 'Class names';
export const classNamesExample = 'ripe apple\ngreen apple\nleaf';
export const classNamesHelp =
  'A name a line, or commas between them; the first nine have the keys 1 to 9. With “Use these names” every object gets the one that fits best as the model’s guess: the server is asked once what they mean. With “Use the model’s names” the list is for your own labels only.';
export const tellColoursApart = 'Give names whose colours look alike other colours';
export const useTheModelsNames = 'Use the model’s names';
export const useTheseNames = 'Use these names';

// KeysDialog

/** By the names of rows of `tools/keyTable.ts`. */
export const commandDoes = {
  accept: 'Accept the object: the next prompt begins another; while you draw, close the polygon',
  'accept-at-once': 'Accept every box, polygon and text that begins an object at once; again: do not',
  'new-object': 'New object',
  undo: 'Undo; while you draw, the last corner',
  redo: 'Redo',
  'last-prompt': 'Take the last prompt of the object back; while you draw, the last corner',
  'another-mask': 'Another mask for the last click: a part, or what is around it',
  delete: 'Delete the selected object',
  'next-object': 'Object after the selected one',
  'previous-object': 'Object before the selected one',
  'tab-on': 'On the canvas: the object after the selected one; after the last, the next control',
  'tab-back': 'On the canvas: the object before the selected one; before the first, the control before',
  hide: 'Hide the selected object',
  'show-all': 'Show all objects again',
  duplicate: 'Duplicate the selected object',
  merge: 'Merge the selected object with the one before it',
  lock: 'Lock the selected object, or unlock it',
  group: 'Group the selected object with the one before it',
  ungroup: 'Take the selected object out of its group',
  follow: 'Follow the selected object through the photos after this one',
  'fill-holes': 'Fill the holes of the mask',
  'remove-specks': 'Take small parts out of the mask',
  smooth: 'Smooth the border of the mask',
  copy: 'Copy the prompts of the selected object',
  paste: 'Give them again, on this or another photo',
  'next-photo': 'Photo after',
  'previous-photo': 'Photo before',
  finish: 'The photo is done; go on with the next that is to do',
  'smaller-brush': 'Smaller brush',
  'larger-brush': 'Larger brush',
  cancel: 'Cancel drawing',
  'sharpen-here':
    'See the part in sight in full detail: the selected object and those you begin there; again: the whole photo',
  'zoom-in': 'Zoom in',
  'zoom-out': 'Zoom out',
  fit: 'Fit the image',
  'actual-size': 'A pixel of the photo for each of the screen',
  look: 'Masks filled, as outlines, cut out: the next of these',
  peek: 'Hide all masks while the key is held',
  help: 'Keys',
};
export const toolDoes = (tool: string): string => `${tool} tool`;
export const classDoes = (place: string): string =>
  `Class ${place} for the selected object, and those that come`;
export const keysOf = (group: string): string => `Keys of ${group.toLowerCase()}`;
export const resetKeyOf = (does: string): string => `Reset the key of ${does}`;
export const also = (others: readonly string[]): string => `Also: ${others.join('; ')}`;
export const pressKeyFor = (does: string): string => `Press a key for ${does}`;
export const keyOf = (keys: string, does: string): string => `${keys}: key of ${does}`;
export const none = 'none';
export const keys = 'Keys';
export const closeKeys = 'Close keys';
export const altKey = 'Keys with Alt belong to the browser, or type letters. Press another one.';
export const browserKey = 'Browsers keep this key for themselves. Press another one.';
export const reservedKey = 'This key moves the photo or the focus. Press another one.';
export const keysHelp =
  'Press the key of an action to change it, then the new one. The keys are kept in this browser.';
export const mouseFingersAndCanvas = 'Mouse, fingers and canvas';
export const keyConflict =
  'Some keys have more than one meaning: what you chose goes before the usual. They are marked in the list.';
export const keysAsIn = 'Keys as in';
export const withChanges = 'with changes of your own';
export const resetAllKeys = 'Reset all keys';
export const reset = 'Reset';
export const takeItFromThere = 'Take it from there';
export const pressAKey = 'Press a key';
export const noKey = 'No key';
export const cancel = 'Cancel';

// ExportDialog

export const exportIt = 'Export';
export const closeExport = 'Close export';
export const useGuesses = 'Use names that the model guessed as categories';
export const save = 'Save';
export const aboutThisFile = 'About this file';
export const photosInTheFile = 'Photos in the file';
export const onlyShown = 'Only the photo on screen';
export const allPhotos = 'All photos';
export const toleranceOfOutlines = 'Tolerance of outlines';
export const toleranceOfOutlinesPixels = 'Tolerance of outlines, pixels';
export const toleranceHint = 'Outlines may run beside the mask by that, to have fewer corners';
export const pixelsForFewerCorners = 'pixels, for fewer corners';
export const format = 'Format';

// Notices

export const offline = 'Offline: photos opened before work; new ones wait for the server.';
export const newVersion = 'A new version of the page is ready. Your work is kept; what can be undone is not.';
export const reload = 'Reload';
export const notNow = 'Later';

// VideoDialog, FollowProgress and following

export const framesOfAVideo = 'Frames of a video';
export const closeTheVideo = 'Close the video';
export const framesASecond = 'Frames a second';
export const atMost = 'At most';
export const readingFrames = 'Reading frames';
export const aboutVideo = (length: string, width: number, height: number): string =>
  `: ${length}, ${width} x ${height} pixels`;
export const openFrames = (count: number): string => (count === 1 ? 'Open 1 frame' : `Open ${count} frames`);
export const stopAfterFrame = (done: number, total: number): string => `Stop after frame ${done} of ${total}`;
export const framesUntil = (to: string): string =>
  `Each frame is opened as a photo, from the beginning to ${to}; Follow then takes an object through them.`;
export const leftOutAfter = (to: string): string =>
  ` What comes after ${to} is left out: take fewer a second, or more.`;
export const following = 'Following';
export const followingFrame = (frame: number, total: number): string =>
  `Following: frame ${frame} of ${total}`;
export const framesFollowed = 'Frames followed';
export const stop = 'Stop';
export const nothingToFollow =
  'Select an object with a mask: it is followed through the photos after this one';
export const nowhereToFollow =
  'No photo of the same size comes after this one: open the frames of a video first';
export const followed = (done: number, total: number, lost: number): string =>
  [
    `Followed through ${done === 1 ? '1 photo' : `${done} photos`}`,
    ...(done === total ? [] : [` of ${total}: it goes on from there by Follow`]),
    ...(lost === 0 ? [] : [`; not found in ${lost} of them`]),
  ].join('');
