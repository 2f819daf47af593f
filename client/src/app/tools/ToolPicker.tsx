import type { App } from '../app';
import { Icon, type IconName } from '../parts/icons';
import { whyNot, type Tool } from '../state/store';

interface ToolChoice {
  readonly tool: Tool;
  readonly name: string;
  readonly icon: IconName;
  readonly title: string;
}

const CHOICES: readonly ToolChoice[] = [
  {
    tool: 'click',
    name: 'Click',
    icon: 'click',
    title: 'Click on the object; right click on what is not (1)',
  },
  { tool: 'box', name: 'Box', icon: 'box', title: 'Drag a box around the object (2)' },
  { tool: 'scribble', name: 'Scribble', icon: 'scribble', title: 'Draw over the object (3)' },
  { tool: 'polygon', name: 'Polygon', icon: 'polygon', title: 'Click the corners of an outline (4)' },
  { tool: 'text', name: 'Text', icon: 'text', title: 'Say in words what the object is (5)' },
  { tool: 'example', name: 'Example', icon: 'example', title: 'Show such an object in another photo' },
];

export function ToolPicker({ app }: { readonly app: App }) {
  const chosen = app.store.tool.value;
  return (
    <div class="tools" role="radiogroup" aria-label="Tool">
      {CHOICES.map(({ tool, name, icon, title }) => {
        const reason = whyNot(tool, app.store.decoder.value);
        return (
          <label key={tool} class={reason === null ? 'tool' : 'tool disabled'} title={reason ?? title}>
            <input
              type="radio"
              name="tool"
              aria-label={name}
              aria-description={reason ?? title}
              checked={tool === chosen}
              disabled={reason !== null}
              onChange={() => {
                app.chooseTool(tool);
              }}
            />
            <Icon name={icon} />
            <span>{name}</span>
          </label>
        );
      })}
    </div>
  );
}
