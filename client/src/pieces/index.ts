/** `@splitseem/client`: a session without a page. */
export { connect, MarkedImage, Splitseem } from './connect';
export type { ConnectOptions, ImageOptions, ModelInfo } from './connect';
export { Marking } from './marking';
export type { AnswerPrompt, ClickOptions, Found, MarkedObject, PromptOptions } from './marking';
export type { PhotoSource } from './photoSource';
export { Failure } from '../shared/errors';
export type { ClientError } from '../shared/errors';
export { sayWhatHappened } from '../shared/failures';
export { maskFromRle as pixelsOf, rleArea, rleBounds, rleIou } from '../shared/rle';
export { polygonsOf } from '../exports/polygons';
export { maskPng as pngOf } from '../exports/png';
export { bitmapOf } from './bitmap';
export type { CocoRle, PromptItem, SizeHw } from '../shared/types';
