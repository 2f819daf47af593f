/** Which works are open in a tab: each holds a lock with the name of its work, which ends with the tab. */

const PREFIX = 'splitseem-work-';

/** Missing on pages without a secure context, whatever its type says. */
const locks = (): LockManager | undefined => (navigator as Partial<Navigator>).locks;

export function holdWork(id: string): void {
  void locks()?.request(PREFIX + id, () => new Promise<never>(() => undefined));
}

/** Works that are open now; null where the browser does not tell. */
export async function openWorkIds(): Promise<ReadonlySet<string> | null> {
  const held = (await locks()?.query())?.held;
  if (held === undefined) return null;
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(PREFIX));
  return new Set(names.map((name) => name.slice(PREFIX.length)));
}

const TAB = 'splitseem-work';

/** Let this tab be known, also after a reload, by its work. */
export function nameTab(id: string): void {
  try {
    sessionStorage.setItem(TAB, id);
    localStorage.setItem(TAB, '1');
  } catch {
    // Some settings of browsers forbid it; after a reload work is offered as that of other tabs is.
  }
}

/** Whether work may be kept from before, by this tab or another. */
export function wasHere(): boolean {
  try {
    return localStorage.getItem(TAB) !== null;
  } catch {
    return false;
  }
}

/** The work that this tab had before it was reloaded, or null. */
export function nameOfTab(): string | null {
  try {
    return sessionStorage.getItem(TAB);
  } catch {
    return null;
  }
}
