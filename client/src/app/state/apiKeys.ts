/** The API key of this tab: asked for once, kept as long as the tab. */
import { signal, type Signal } from '@preact/signals';
import type { KeyFault, Keys } from '../../api/authorized';

const PLACE = 'splitseem-api-key';

/** What a header can carry. */
const KEY = /^[\x21-\x7e]+$/;

export class ApiKeys implements Keys {
  /** Why the user is asked; null while nobody is. */
  readonly asked: Signal<KeyFault | null> = signal(null);
  #key: string | null = stored();
  #waiting: ((key: string | null) => void)[] = [];

  get current(): string | null {
    return this.#key;
  }

  /** Ask the user; all who wait get the same answer, and those whose key was replaced meanwhile need no question. */
  another(refused: string | null, fault: KeyFault): Promise<string | null> {
    if (this.#key !== refused) return Promise.resolve(this.#key);
    this.asked.value ??= fault;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** What the user gives; false when that cannot be a key. */
  give(text: string): boolean {
    const key = text.trim();
    if (!KEY.test(key)) return false;
    this.#key = key;
    store(key);
    this.#answer(key);
    return true;
  }

  /** The user gives none: what waits goes wrong. */
  decline(): void {
    this.#answer(null);
  }

  #answer(key: string | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.asked.value = null;
    for (const resolve of waiting) resolve(key);
  }
}

/** Browsers may forbid the storage; the key is then kept until the page is left. */
function stored(): string | null {
  try {
    return sessionStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

function store(key: string): void {
  try {
    sessionStorage.setItem(PLACE, key);
  } catch {
    // As above.
  }
}
