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
