/** Line icons on a grid of 24, drawn for this page. */
const PATHS = {
  open: 'M4 18V6a1 1 0 0 1 1-1h4l2 2h8a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM12 16v-5M9.5 13 12 10.500 14.500 13',
  folder: 'M4 18V6a1 1 0 0 1 1-1h4l2 2h8a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM8 11h8M8 14.500h8',
  undo: 'M9 7 4.500 11.500 9 16M5 11.500h9a5 5 0 0 1 0 10h-2',
  redo: 'M15 7l4.500 4.500L15 16M19 11.500h-9a5 5 0 0 0 0 10h2',
  clear: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12M10.500 10.500v5M13.500 10.500v5',
  newObject: 'M12 5v14M5 12h14',
  everything: 'M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z',
  export: 'M12 4v11M8 11.500 12 15.500l4-4M5 19.500h14',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3M12 14.500v2',
  unlock: 'M6 11h12v9H6zM8.500 11V7a3.500 3.500 0 0 1 6.700-1.400M12 14.500v2',
  group: 'M4 4h8v8H4zM12 12h8v8h-8zM8 15v5M15 4v5',
  follow: 'M4 6h6v6H4zM13 9h7M17 6l3 3-3 3',
  otherMask:
    'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 17a5 5 0 1 1 0-10 5 5 0 0 1 0 10zM12 13a1 1 0 1 1 0-2 1 1 0 0 1 0 2z',
  fields: 'M4 6h4M11 6h9M4 12h4M11 12h9M4 18h4M11 18h9',
  help: 'M9.500 9.500a2.500 2.500 0 1 1 3.600 2.200c-.8.4-1.100.9-1.100 1.800M12 16.500v.01M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z',
  eye: 'M3 12s3.500-6 9-6 9 6 9 6-3.500 6-9 6-9-6-9-6zM12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  eyeOff:
    'M4 4l16 16M9.500 6.400A9 9 0 0 1 12 6c5.500 0 9 6 9 6a16 16 0 0 1-3 3.600M6.500 8A15 15 0 0 0 3 12s3.500 6 9 6a9 9 0 0 0 3.500-.700',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6 6 18',
  up: 'M6 14.500 12 8.500l6 6',
  down: 'M6 9.500l6 6 6-6',
  before: 'M14.500 6 8.500 12l6 6',
  after: 'M9.500 6l6 6-6 6',
  zoomIn: 'M10.500 16.500a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM15 15l5 5M10.500 8v5M8 10.500h5',
  zoomOut: 'M10.500 16.500a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM15 15l5 5M8 10.500h5',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { readonly name: IconName }) => <Picture path={PATHS[name]} />;

/** Any other picture on the same grid. */
export function Picture({ path }: { readonly path: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
