/** Versions that this client reads and writes. */
export const PROTOCOL_VERSION = 1;
export const PROJECT_FORMAT = 1;
export const MANIFEST_FORMAT = 1;
