import type { App } from './app';
import { Icon, type IconName } from './icons';
import type { Tool } from './store';

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
  { tool: 'text', name: 'Text', icon: 'text', title: 'The loaded model has no text tower' },
  {
    tool: 'example',
    name: 'Example',
    icon: 'example',
    title: 'The loaded model takes no example from another image',
  },
];

/** Tools that this client does not draw with yet, whatever the model can. */
const UNAVAILABLE: readonly Tool[] = ['text', 'example'];

export function ToolPicker({ app }: { readonly app: App }) {
  const chosen = app.store.tool.value;
  return (
    <div class="tools" role="radiogroup" aria-label="Tool">
      {CHOICES.map(({ tool, name, icon, title }) => {
        const disabled = UNAVAILABLE.includes(tool);
        return (
          <label class={disabled ? 'tool disabled' : 'tool'} title={title}>
            <input
              type="radio"
              name="tool"
              aria-label={name}
              aria-description={title}
              checked={tool === chosen}
              disabled={disabled}
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
