import { useEffect, useState } from 'preact/hooks';
import { followStore } from './announcements';
import type { App } from '../app';
import './SpokenRegion.css';

/** Read out by screen readers, and not shown: the page shows the same in its places. */
export function SpokenRegion({ app: { store } }: { readonly app: App }) {
  const [text, setText] = useState('');
  useEffect(() => {
    const { announcement, stop } = followStore(store);
    const unsubscribe = announcement.subscribe(setText);
    return () => {
      stop();
      unsubscribe();
    };
  }, [store]);
  return (
    <div class="spoken" aria-live="polite" aria-atomic="true">
      {text}
    </div>
  );
}
