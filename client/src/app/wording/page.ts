/**
 * The words of the page, by the folder that says them: to be read, corrected and translated in one place. What dialogs
 * say that are loaded later is in `later.ts`, what went wrong in `shared/failures.ts`. Names and helps that are a
 * column of a table stand there: tools (`state/tools.ts`), formats (`export/exportActions.ts`), gestures
 * (`dialogs/gestures.ts`), names of keys (`tools/keyMap.ts`), samples (`photos/samples.ts`).
 *
 * Import it as `say`: `say.selectFirst`. Sentences with values are functions.
 */

/** "1 object", "3 objects" */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

// everywhere

/** "Object 3: a cup" */
export const of = (what: string, says: string): string => `${what}: ${says}`;
/** "3 prompts · 87 %" */
export const joined = (...parts: readonly string[]): string => parts.join(' · ');
export const quoted = (text: string): string => `“${text}”`;
export const placeOf = (place: number, count: number): string => `${place} of ${count}`;

// state/, saving/ and the controller

export const shrunk = (photo: string, was: string, is: string): string =>
  `${photo} has ${was} pixels and is opened, and exported, with ${is}`;
export const continued = (work: string): string => `Continued: ${work}`;
export const hasAllOfProject = (photo: string): string => `${photo} has all that the project holds of it`;
export const restored = (objects: number, photo: string): string =>
  objects === 0 ? `Restored what was said of ${photo}` : `Restored ${counted(objects, 'object')} of ${photo}`;

// panels/

export const panel = 'Objects and photos';
export const toRestore = (photos: number, isAnyOpen: boolean): string =>
  `To restore the project, open ${photos === 1 ? 'its photo' : 'its photos'}${isAnyOpen ? ', or say which open photo it is:' : ':'}`;
export const openPhotoThatIs = (name: string): string => `Open photo that is ${name}`;
export const inUse = (names: number): string => `${names} in use`;
export const withKey = (objects: string, key: string): string => `${objects}, key ${key}`;
export const comingAre = (label: string): string =>
  `Objects that come are “${label}”; choose it again to leave that to the model`;
export const attributesOfClass = (name: string): string => `Attributes of class ${name}`;
export const colourOfClass = (name: string): string => `Colour of ${name}`;
export const colourHint = 'Colour; the attributes of the class have the way back to that of its name';
export const moveClass = (name: string, isUp: boolean): string =>
  `Move class ${name} ${isUp ? 'up' : 'down'}`;
export const labelOfObject = (number: number): string => `Label of object ${number}`;
export const confirmLabel = (number: number): string => `Confirm label of object ${number}`;
export const yesItIs = (label: string): string => `Yes, it is “${label}”`;
export const attributesOfObject = (number: number): string => `Attributes of object ${number}`;
export const selectObject = (number: number): string => `Select object ${number}`;
export const showOrHide = (number: number, isHidden: boolean): string =>
  `${isHidden ? 'Show' : 'Hide'} object ${number}`;
export const show = 'Show';
export const hide = 'Hide';
export const deleteObject = (number: number): string => `Delete object ${number}`;
export const noPromptYet = 'no prompt yet';
export const failed = 'failed';
export const leftOut = (prompts: number): string => `${prompts} left out`;
export const waiting = 'waiting';
export const draft = 'draft';
export const ofTrack = (track: number): string => `track ${track}`;
export const ofGroup = (group: number): string => `group ${group}`;
export const locked = 'locked';
export const pixels = (area: number): string => `${area.toLocaleString('en')} px`;
export const lockObject = (number: number, isLocked: boolean): string =>
  `${isLocked ? 'Unlock' : 'Lock'} object ${number}`;
export const repairOf = (repair: string, number: number): string => `${repair} of object ${number}`;
export const groupObject = (number: number): string => `Group object ${number} with the one before it`;
export const followObject = (number: number): string => `Follow object ${number}`;
export const followHint = 'Follow through the next photos';
export const anotherMaskFor = (number: number): string => `Another mask for object ${number}`;
export const useObjectAsExample = (number: number): string => `Use object ${number} as example`;
export const allOf = (photos: number): string => `All (${photos})`;
export const closePhoto = (name: string): string => `Close ${name}`;
export const doneByKey = (key: string): string => `${key}: done, and on to the next that is to do`;
export const why = 'Why?';
export const openSample = (name: string): string => `Open sample ${name}`;
export const leftOutSince = (reason: string): string => `Left out: ${reason}.`;
export const removeText = (text: string): string => `Remove text ${text}`;
export const medianOf = (prompts: number): string => `Median of ${prompts}`;
export const leaveOutHint = 'Forget the objects of these photos';
export const leaveItOut = 'Leave it out';
export const leaveThemOut = 'Leave them out';
export const notNowHint = 'Their objects stay in the project and come when the photos are opened';
export const notNow = 'Not now';
export const mayBeAnotherFile =
  'The open photo of this name may be another file than the one that was saved.';
export const noneOpenPhotos = 'None of the open photos';
export const restoreThere = 'Restore there';
export const classes = 'Classes';
export const classNamesHint = 'Edit or paste the whole list, and choose what the model calls objects';
export const classNames = 'Class names';
export const searchClasses = 'Search classes';
export const attributesHint = 'Attributes: what its objects say beside their label';
export const moveUp = 'Move up';
export const moveDown = 'Move down';
export const newClass = 'New class';
export const addClass = 'Add class';
export const unfinishedWork = 'Unfinished work';
export const continueIt = 'Continue';
export const deleteWorkHint = 'Delete this work and its photos from this browser';
export const deleteIt = 'Delete';
export const guessHint = 'A guess of the model: confirm it, or type or choose what it is';
export const notSaid = 'not said';
export const objects = 'Objects';
export const openToBegin = 'Open a photo to begin.';
export const clickToBegin = 'Click on something in the photo: it becomes the first object.';
export const masksMayOverlap = 'Masks may overlap';
export const newGivesWay = 'New gives way';
export const newCoversOld = 'New covers old';
export const whereMasksOverlap = 'Where masks overlap';
export const overlapHint = 'On all photos, as shown and as exported; locked objects come first';
export const unlockHint = 'Unlock: let tools change it again';
export const lockHint = 'Lock: no tool changes it';
export const groupHint = 'Group with the object before it';
export const anotherMaskHint = 'Another mask for the last click: a part, or what is around it';
export const exampleHint = 'Use as example: find what is like it, on this or another photo';
export const photos = 'Photos';
export const nextToDo = 'Next to do';
export const noPhotoOfState = 'No photo is in this state.';
export const whichPhotos = 'Which photos';
export const close = 'Close';
export const stateOfThePhoto = 'State of the photo';
export const noteOnThePhoto = 'Note on the photo';
export const note = 'Note';
export const photo = 'Photo';
export const previousPhoto = 'Previous photo';
export const photoBefore = 'Photo before';
export const nextPhoto = 'Next photo';
export const photoAfter = 'Photo after';
export const samplePhotos = 'Sample photos';
export const takeTheseWordsBack = 'Take these words back';
export const timings = 'Timings';
export const timingsHint = 'After the first prompt: the milliseconds of every stage.';
export const stage = 'Stage';
export const last = 'Last';
export const total = 'total';
export const clickOnIt = 'click on it';
export const noNameYet = 'no name yet';

// tools/: what keys and buttons answer

export const usual = (side: number): string => `${side}, usual`;
export const costs = (seconds: string, megabytes: string, isMeasured: boolean): string =>
  `${isMeasured ? '' : 'about '}${seconds} s, ${megabytes} MB`;
export const sharpenedUntil = (key: string): string =>
  `The part in sight is seen in full detail, for objects that you begin in it; ${key} ends that`;
export const tool = 'Tool';
export const acceptsAtOnce = 'Boxes, polygons and texts that begin an object are accepted at once';
export const acceptsLater = 'Prompts belong to one object until it is accepted';
export const noClassYet = 'There is no class yet: add one to the list of classes';
export const noOtherToDo = 'No other photo is to do';
export const fillHoles = 'Fill holes';
export const fillHolesHint = 'Fill the holes of the mask';
export const removeSpecks = 'Remove specks';
export const removeSpecksHint = 'Take small parts out of the mask';
export const smooth = 'Smooth';
export const smoothHint = 'Smooth the border of the mask';
export const zoomInFirst = 'Zoom in first, or select a small object: it is then seen in full detail';
export const viewSharpenHere = 'View, Sharpen here';
export const cutByPart = 'What of the object lies beyond this part is left out; Undo takes that back';
export const wholePhotoAgain = 'Objects that you begin now are seen on the whole photo';
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

// bars/

export const brand = 'splitseem';
export const promptsKept = (count: number): string =>
  `${counted(count, 'prompt is', 'prompts are')} kept and will be answered.`;
export const nextTry = (happened: string, seconds: number): string => `${happened}; next try in ${seconds} s`;
export const error = (failure: string): string => `Error: ${failure}`;
export const lastAnswer = (took: string, waitedSeconds: string | null): string =>
  `Last answer ${took}${waitedSeconds === null ? '' : ` after ${waitedSeconds} s of waiting`}`;
export const ofMegabytes = (bytes = '', total?: string): string =>
  `: ${bytes}${total === undefined ? '' : ` of ${total}`} MB`;
export const loadingDecoder = (megabytes: string): string => `Loading the decoder${megabytes} …`;
export const loadingTextDecoder = (megabytes: string): string =>
  `Loading the text decoder (${megabytes} MB) …`;
export const model = (name: string): string => `Model ${name}`;
export const provider = (name: string): string => `Provider ${name}`;
export const looksUp = (words: string): string => `The server looks up ${words} …`;
export const undoOf = (change: string): string => `Undo ${change}`;
export const redoOf = (change: string): string => `Redo ${change}`;
export const photoNamed = (name: string): string => `Photo ${name}`;
export const undone = 'Undone';
export const classNamesChange = 'class names';
export const objectNumbered = (number: number): string => `Object ${number}`;
export const objectSelected = (number: number): string => `Object ${number} selected`;
export const maskDrawn = 'mask drawn';
export const nothingFound = 'nothing found';
export const percent = (count: number): string => `${count} percent`;
export const partInFullDetail = 'The part in full detail';
export const tryAgain = 'Try again';
export const wholePhoto = 'Whole photo';
export const cancel = 'Cancel';
export const readingFile = (name: string): string => `Reading ${name}`;
export const preparingTheDecoder = 'Preparing the decoder';
export const makingThePhotoSmaller = 'Making the photo smaller';
export const sendingThePhoto = 'Sending the photo';
export const serverEncodesPhoto = 'The server encodes the photo';
export const receivingTheEmbedding = 'Receiving the embedding';
export const everything = 'Everything';
export const everythingHint = 'Find everything in this photo; one undo takes it back';
export const findingEverything = 'Finding everything';
export const exampleObject = 'Example object';
export const exampleObjectHint =
  'An object of any open photo; or click on one, or drag a box around something';
export const findHereHint = 'Find it on this photo (E)';
export const finding = 'Finding …';
export const whatYouShowed = 'What you showed';
export const chooseExample = 'Choose an example, or click on it';
export const status = 'Status';
export const savedHint = 'Photos and objects are kept in this browser; a reload loses nothing';
export const needsServer = 'Not all photos open offline';
export const needsServerHint =
  'The storage for embeddings is full: photos used longest ago need the server again after a reload';
export const waitsForServer = 'This photo waits for the server, and is sent when that is back';
export const saved = 'Saved';
export const saving = 'Saving …';
export const noDecoder = 'No decoder';
export const looksUpClassNames = 'The server looks up the class names …';
export const textPrompt = 'Text prompt';
export const textExample = 'What is it? For example: the dog on the left';
export const addText = 'Add text';
export const addTextHint = 'Add the words (Enter)';
export const add = 'Add';
export const actions = 'Actions';
export const clear = 'Clear';
export const clearHint = 'Remove all objects of this photo';
export const newObject = 'New object';
export const newObjectHint = 'Prompts from now on belong to another object';
export const help = 'Help';
export const helpHint = 'Keys, and how to change them';
export const undo = 'Undo';
export const nothingToUndo = 'Nothing to undo';
export const redo = 'Redo';
export const nothingToRedo = 'Nothing to redo';
export const openImage = 'Open image';
export const openImageHint =
  'Open photos, a video, a saved project or annotations; dropping or pasting works too';
export const openFolder = 'Open folder';
export const openFolderHint = 'Open all photos of a folder; dropping it works too';
export const dropAPhotoHere = 'Drop a photo here';
export const welcome =
  'or open or paste one. It is encoded once on the server; after that every click is answered in this browser, without the network.';
export const noPhotoAtHand = 'No photo at hand? Take one of these:';
export const redone = 'Redone';
export const done = 'Done';

// drawing/

export const brushHint = (smaller: string, larger: string): string =>
  `Size of the brush on the screen${smaller === '' || larger === '' ? '' : ` (${smaller} and ${larger})`}`;
export const pixelsWide = (count: number): string => `${count} px`;
export const imageCanvas = 'Image canvas';
export const canvasHint =
  'Arrow keys move a crosshair, Enter uses the tool there, Shift+Enter uses it negatively';
export const crosshairMoves = 'Arrow keys move the crosshair; Enter uses the tool there';
export const previewHint = 'Show what a click would give where the mouse is';
export const preview = 'Preview';
export const asDrawnHint = 'The polygon is the mask, pixel by pixel; by the right button it is cut out of it';
export const asDrawn = 'As drawn';
export const acceptAtOnceHint = 'What begins an object is all of it: the next begins another';
export const acceptAtOnce = 'Accept at once';
export const brush = 'Brush';
export const brushSize = 'Brush size';
export const filled = 'Filled';
export const outlines = 'Outlines';
export const cutOut = 'Cut out';
export const viewHint = 'How masks are drawn, and in how much detail the model sees';
export const view = 'View';
export const masks = 'Masks';
export const opacity = 'Opacity';
export const sharpenHereHint = 'See the part of the photo that is in sight in full detail';
export const sharpenHere = 'Sharpen here';
export const sharpenHereHelp =
  'For small things: the part in sight is seen in full detail, or with the whole photo in sight, what is around the selected object.';
export const sharpenSmall = 'Sharpen small objects as they come';
export const sharpenSmallHelp = 'Better masks for one more request for each; clicks do not wait for it.';
export const detail = 'Detail';
export const detailHelp =
  'Pixels along the photo that the model sees; cost by the last embedding. Prompts on this photo are answered again; photos without prompts follow.';
export const sendSmaller = 'Send photos smaller';
export const sendSmallerHelp =
  'For slow lines: a large JPEG is sent as the model sees it, with the same masks, for a few seconds of work here first.';
export const zoomAndView = 'Zoom and view';
export const zoomOut = 'Zoom out';
export const zoomIn = 'Zoom in';
export const fitImage = 'Fit image';
export const fitTheImage = 'Fit the image';

// dialogs/

export const unknownKey =
  'The server does not know this key. Check it for missing characters, or ask its operator.';
export const keyNotAllowed =
  'This key does not allow what was asked. Give another one, or ask the operator of the server.';
export const notAKey = 'This cannot be a key: it is empty or has characters that no key has.';
export const asksForKey = 'This server asks for an API key';
export const closeWithoutAKey = 'Close without a key';
export const apiKey = 'API key';
export const apiKeyHint =
  'Its operator has one for you. It is kept until this tab is closed, and sent to this server only.';
export const goOnWithout = 'Go on without';
export const useThisKey = 'Use this key';

// export/

export const exportIt = 'Export';
export const exportHint = 'Save masks or the project';
export const nothingToExportYet = 'Nothing to export yet';

// parts/

export const closeEsc = 'Close (Esc)';

// steps/

export const foundLike = (example: string, count: number): string => `Like ${example}: ${count} new`;
export const foundBy = (text: string, count: number): string => `“${text}”: ${count} found`;
export const objectsFound = (count: number): string => `${counted(count, 'object')} found`;
export const onlyClicks = 'Only a click has other masks: give one first';
export const theObjectIsLocked = 'The object is locked';
export const notOnServer = 'Not where the server decodes';
export const clickNotAnsweredYet = 'The click is not answered yet';
export const noOtherMaskFound = 'No other mask is found at this click';
export const openAPhotoFirst = 'Open a photo first';
export const everythingRuns = 'Everything is being looked for';
export const photoNotReadyYet = 'The photo is not ready yet';
export const photoNotReadyTryAgain = 'The photo is not ready yet: try again once it is';
