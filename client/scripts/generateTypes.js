/**
 * Writes `src/shared/generated.ts`, the TypeScript types of every message, from the JSON Schema in
 * `proto/schema`. Run `npm run types` after the schema has changed; a test says when the file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{
 *   type?: string, title?: string, description?: string, const?: unknown, enum?: unknown[], format?: string,
 *   $ref?: string, anyOf?: Schema[], oneOf?: Schema[], items?: Schema, minItems?: number, maxItems?: number,
 *   properties?: Record<string, Schema>, required?: string[], additionalProperties?: Schema | boolean,
 *   $defs?: Record<string, Schema>
 * }} Schema
 */

/** @type {(text: string) => Schema} */
const parse = JSON.parse;

const SCHEMA_FOLDER = new URL('../../proto/schema/', import.meta.url);
export const TARGET = new URL('../src/shared/generated.ts', import.meta.url);

const PRIMITIVES = /** @type {Record<string, string>} */ ({
  integer: 'number',
  number: 'number',
  string: 'string',
  boolean: 'boolean',
  null: 'null',
});

/**
 * A schema as a type expression.
 * @param {Schema} schema
 * @returns {string}
 */
function typeOf(schema) {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/$defs/', '');
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeOf).join(' | ');
  if (schema.format === 'binary') return 'Uint8Array';
  if (schema.type === 'array') return arrayType(schema);
  if (schema.type === 'object') return recordType(schema);
  const primitive = PRIMITIVES[schema.type ?? ''];
  if (primitive === undefined) throw new Error(`schema not understood: ${JSON.stringify(schema)}`);
  return primitive;
}

/** @param {unknown} value */
function literal(value) {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

/** @param {Schema} schema */
function arrayType({ items = {}, minItems, maxItems }) {
  const item = typeOf(items);
  if (minItems !== undefined && minItems === maxItems) {
    return `readonly [${Array(minItems).fill(item).join(', ')}]`;
  }
  return item.includes(' ') ? `readonly (${item})[]` : `readonly ${item}[]`;
}

/** @param {Schema} schema */
function recordType({ additionalProperties }) {
  if (typeof additionalProperties !== 'object') throw new Error('an object without properties');
  return `Readonly<Record<string, ${typeOf(additionalProperties)}>>`;
}

/**
 * @param {string} name
 * @param {Schema} schema
 */
function declaration(name, schema) {
  const comment = schema.description === undefined ? '' : `/** ${schema.description} */\n`;
  const fields = Object.entries(schema.properties ?? {}).map(([field, fieldSchema]) => {
    const mark = schema.required?.includes(field) === true ? '' : '?';
    return `  readonly ${field}${mark}: ${typeOf(fieldSchema)};\n`;
  });
  return `${comment}export interface ${name} {\n${fields.join('')}}\n`;
}

/** The whole file, from the schema of now. */
export function generate() {
  /** @type {Map<string, string>} */
  const declarations = new Map();
  for (const file of readdirSync(SCHEMA_FOLDER).sort()) {
    const { $defs = {}, ...message } = parse(readFileSync(new URL(file, SCHEMA_FOLDER), 'utf8'));
    for (const [name, definition] of Object.entries({ ...$defs, [message.title ?? file]: message })) {
      declarations.set(name, declaration(name, definition));
    }
  }
  const head = '// Generated from proto/schema by scripts/generateTypes.js; do not edit.\n';
  return [head, ...[...declarations.keys()].sort().map((name) => declarations.get(name))].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TARGET, generate());
}
