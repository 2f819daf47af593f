/** What the keys of a page are said to do. */
import { placedTools, type Tools } from '../state/tools';
import { toolKey, type Command } from '../tools/keyTable';
import * as say from '../wording/later';

const COMMANDS: Readonly<Record<Command, string>> = say.commandDoes;

/** By the name of a row. */
export function meaningOf(tools: Tools, id: string): string {
  const tool = placedTools(tools).find((row) => toolKey(row.tool) === id);
  if (tool !== undefined) return say.toolDoes(tool.name);
  const [, place] = /^class-(.+)$/.exec(id) ?? [];
  return place === undefined ? COMMANDS[id as Command] : say.classDoes(place);
}
