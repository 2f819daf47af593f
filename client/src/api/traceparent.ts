import { hexadecimal } from '../shared/digest';

/** The header by which a server that collects spans goes on with a trace (W3C Trace Context); others pass over it. */
export const TRACE_HEADER = 'traceparent';

const BYTES_OF_TRACE = 16;
const BYTES_OF_SPAN = 8;

/** A trace that begins with one request: version, ids of the trace and of the request, and that it is to be kept. */
export function traceparent(): string {
  const random = crypto.getRandomValues(new Uint8Array(BYTES_OF_TRACE + BYTES_OF_SPAN));
  const [trace, span] = [random.subarray(0, BYTES_OF_TRACE), random.subarray(BYTES_OF_TRACE)];
  return `00-${hexadecimal(trace)}-${hexadecimal(span)}-01`;
}
