import { useEffect, useState } from 'preact/hooks';
import { toClientError } from '../../shared/errors';
import type { App } from '../app';

interface Wishes {
  readonly isWanted: boolean;
  /** Whether the user waits for it: then it is said when it cannot be fetched. */
  readonly isAsked: boolean;
}

/** A module of the page that is fetched once it is wanted; null until it is there. The next wish tries again. */
export function useLater<Module extends object>(
  { controller }: App,
  fetchModule: () => Promise<Module>,
  { isWanted, isAsked }: Wishes,
): Module | null {
  const [module, setModule] = useState<Module | null>(null);
  useEffect(() => {
    if (!isWanted || module !== null) return;
    fetchModule().then(setModule, (error: unknown) => {
      if (isAsked) controller.report(toClientError(error, 'network'));
    });
  }, [controller, isWanted, isAsked, module]);
  return module;
}
