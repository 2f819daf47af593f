import type { App } from '../app';
import { Picture } from '../parts/icons';
import { placedTools, whyNot, type PlacedTool } from '../state/tools';
import { titles } from './keyMap';
import { toolKey } from './keyTable';
import * as say from '../wording/page';
import './ToolPicker.css';

export function ToolPicker({ app }: { readonly app: App }) {
  return (
    <div class="tools" role="radiogroup" aria-label={say.tool}>
      {placedTools(app.tools).map((row) => (
        <ToolButton key={row.tool} app={app} row={row} />
      ))}
    </div>
  );
}

function ToolButton({ app, row }: { readonly app: App; readonly row: PlacedTool }) {
  const { tool, name, icon } = row;
  const reason = whyNot(row, app.store.decoder.value);
  const { title, ...keys } = reason === null ? titles(app, toolKey(tool), row.title) : { title: reason };
  return (
    <label class={reason === null ? 'tool' : 'tool disabled'} title={title}>
      <input
        type="radio"
        name="tool"
        aria-label={name}
        aria-description={title}
        {...keys}
        checked={tool === app.store.tool.value}
        disabled={reason !== null}
        onChange={() => app.chooseTool(tool)}
      />
      <Picture path={icon} />
      <span>{name}</span>
    </label>
  );
}
