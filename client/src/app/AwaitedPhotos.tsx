import type { App } from './app';

/** A saved project holds no pixels: say which photos it needs. */
export function AwaitedPhotos({ app: { store, controller } }: { readonly app: App }) {
  const awaited = store.awaited.value;
  if (awaited.length === 0) return null;
  return (
    <div class="awaited" role="alert">
      <p>To restore the project, open {awaited.length === 1 ? 'its photo' : 'its photos'}:</p>
      <ul>
        {awaited.map(({ name, size_hw: [height, width], objects }) => (
          <li>
            <strong>{name}</strong> ({width} x {height},{' '}
            {objects.length === 1 ? '1 object' : `${objects.length} objects`})
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="action"
        onClick={() => {
          controller.forgetAwaited();
        }}
      >
        Not now
      </button>
    </div>
  );
}
