/** Elements -> XML 1.0. */

export type Content = string | number | readonly Element[];

export interface Element {
  readonly tag: string;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly content?: Content;
}

export const element = (tag: string, content: Content): Element => ({ tag, content });

export const toXml = (root: Element): string => `<?xml version="1.0" encoding="utf-8"?>\n${written(root)}`;

/** Without the declaration, which readers of a text that is decoded already refuse. */
export function written({ tag, attributes = {}, content = [] }: Element): string {
  const said = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const inside = Array.isArray(content)
    ? content.map((child: Element) => `\n${written(child)}`).join('') + (content.length > 0 ? '\n' : '')
    : escaped(content as string | number);
  return `<${tag}${said.join('')}>${inside}</${tag}>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** Characters that XML cannot hold at all are left out. */
const escaped = (value: string | number): string =>
  String(value)
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Surrogate}/gu, '')
    .replace(/[&<>"\n\r\t]/g, (character) => ESCAPES[character] ?? '');
