/** msgpack bytes or plain data -> messages; refuses what `proto/README.md` says, with the same names. */
import { Failure, failed, ok, type Result } from '../shared/errors';
import type { Embedding, Project } from '../shared/types';
import { readEmbedding } from './embedding';
import { integer, mapping, required, text } from '../shared/reading/fields';
import { MAX_MESSAGE_BYTES, MAX_NAME_BYTES } from '../shared/reading/limits';
import { readProject, readPrompt, readStepResult } from './messages';
import type { Plain } from '../shared/reading/plain';
import { decodeMsgpack } from './msgpack';
import { refuse } from '../shared/reading/refusal';
import { PROTOCOL_VERSION } from '../shared/reading/versions';

const READERS = {
  embedding: readEmbedding,
  prompt: readPrompt,
  step_result: readStepResult,
  project: readProject,
} as const;

type MessageType = keyof typeof READERS;

export type Message = ReturnType<(typeof READERS)[MessageType]>;

/** The message that the bytes hold; its binary data are views of `bytes`. */
export function unpack(bytes: Uint8Array): Result<Message> {
  return attempt(() => {
    if (bytes.length > MAX_MESSAGE_BYTES) {
      refuse('limit-exceeded', `message of ${bytes.length} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`);
    }
    return fromPlain(decodeMsgpack(bytes));
  });
}

/** The embedding that the bytes hold; any other message is refused. */
export function unpackEmbedding(bytes: Uint8Array): Result<Embedding> {
  return only('embedding', unpack(bytes));
}

/** The project that `JSON.parse` of a saved file gives. */
export function projectFromJson(json: unknown): Result<Project> {
  return only(
    'project',
    attempt(() => fromPlain(json as Plain)),
  );
}

function fromPlain(plain: Plain): Message {
  const fields = mapping(plain, 'message');
  const version = required(fields, 'protocol_version', integer, 'message');
  if (version !== PROTOCOL_VERSION) {
    refuse(
      'unsupported-version',
      `message written in protocol version ${version}, this client knows version ${PROTOCOL_VERSION}`,
    );
  }
  const type = required(fields, 'type', text(MAX_NAME_BYTES), 'message');
  const read = Object.hasOwn(READERS, type) ? READERS[type as MessageType] : null;
  if (read === null) {
    return refuse(
      'unknown-message',
      `unknown message type "${type}"; known are ${Object.keys(READERS).join(', ')}`,
    );
  }
  return read(fields, type);
}

function only<Type extends MessageType>(
  type: Type,
  result: Result<Message>,
): Result<Extract<Message, { readonly type: Type }>> {
  if (!result.ok) return result;
  const message = result.value;
  if (isOf(message, type)) return ok(message);
  return failed({
    kind: 'codec',
    reason: 'unknown-message',
    message: `expected a message of type "${type}", got "${message.type}"`,
  });
}

const isOf = <Type extends MessageType>(
  message: Message,
  type: Type,
): message is Extract<Message, { readonly type: Type }> => message.type === type;

function attempt<T>(read: () => T): Result<T> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof Failure) return failed(error.detail);
    throw error;
  }
}
