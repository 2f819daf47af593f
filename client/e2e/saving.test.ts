/** Work that is kept in the browser: reloads, crashes, two tabs, full storage. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Project } from '../src/shared/types';
import { samplePath, type PageUnderTest } from './browser';
import { useStage } from './stage';

const SAMPLE = 'coffee.jpg';
const OTHER = 'rocket.jpg';
const PATIENTLY = { timeout: 20_000 };

const stage = useStage({ apart: true });
let user: PageUnderTest;

beforeEach(async () => {
  user = await stage.visit();
});

const saved = (): Promise<void> => user.status.getByText('Saved', { exact: true }).waitFor();

const offer = () => user.page.getByRole('region', { name: 'Unfinished work' });

/** What must be the same after a reload. */
const essence = ({ images, class_names }: Project): unknown => ({
  class_names,
  images: images.map(({ name, size_hw, file_sha256, objects }) => ({
    name,
    size_hw,
    file_sha256,
    objects: objects.map(({ id, number, prompts, mask, label, label_origin, hidden }) => ({
      ...{ id, number, prompts, mask, label, label_origin, hidden },
    })),
  })),
});

async function work(): Promise<unknown> {
  await user.openSample(SAMPLE);
  await user.click({ x: 0.5, y: 0.3 });
  await user.click({ x: 0.2, y: 0.8 }, 'right');
  await user.button('New object').click();
  await user.click({ x: 0.2, y: 0.8 });
  const label = user.page.getByRole('combobox', { name: 'Label of object 2' });
  await label.fill('spoon');
  await label.press('Enter');
  await saved();
  return essence(await user.project());
}

async function continueWork(answers: number): Promise<void> {
  await offer().getByRole('button', { name: 'Continue' }).click();
  await user.waitForAnswers(answers);
  await offer().waitFor({ state: 'detached' });
}

describe('work', () => {
  it('is there after a reload: photo, masks, names and the object that was active, with nothing to undo', async () => {
    const before = await work();
    for (let reloads = 0; reloads < 2; reloads++) {
      await user.page.reload();
      await user.waitForAnswers(3);
      await saved();
      expect(essence(await user.project())).toEqual(before);
      expect(await user.button('Undo').isDisabled()).toBe(true);
    }
    await user.click({ x: 0.3, y: 0.85 });
    const { objects } = (await user.project()).images[0] ?? { objects: [] };
    expect(objects.map(({ prompts }) => prompts.length)).toEqual([2, 2]);
    user = await stage.visit();
    await user.page.waitForTimeout(2000);
    expect(await offer().count()).toBe(0);
  });

  it('of several photos is offered after a crash, the shown one in front', async () => {
    await user.openSample(OTHER);
    await user.click({ x: 0.5, y: 0.5 });
    const before = await work();
    const crashed = user;
    const session = await crashed.page.context().newCDPSession(crashed.page);
    void session.send('Page.crash').catch(() => undefined);
    await crashed.page.waitForEvent('crash');
    user = await stage.visit();
    await offer().getByText(`${OTHER} and 1 more photo, 3 objects`).waitFor();
    await continueWork(4);
    expect(essence(await user.project())).toEqual(before);
    const shown = user.page.getByRole('button', { name: SAMPLE, exact: true });
    expect(await shown.getAttribute('aria-current')).toBe('true');
  });

  it('of a tab that is open is not offered to another', async () => {
    await work();
    const first = user;
    user = await stage.visit();
    await user.openSample(OTHER);
    await user.click({ x: 0.5, y: 0.5 });
    await saved();
    await user.button(`Close ${OTHER}`).click();
    await user.page.waitForTimeout(500);
    expect(await offer().count()).toBe(0);
    await first.page.close();
    user = await stage.visit();
    await offer().getByText(`${SAMPLE}, 2 objects`).waitFor();
  });

  it('that is deleted is gone', async () => {
    await work();
    await user.startOver();
    await offer().getByRole('button', { name: 'Delete' }).click();
    await offer().waitFor({ state: 'detached' });
    await user.startOver();
    await user.waitForDecoder();
    await user.page.waitForTimeout(2000);
    expect(await offer().count()).toBe(0);
  });

  it('is forgotten when its photos are closed', async () => {
    await work();
    await user.button(`Close ${SAMPLE}`).click();
    await user.page.waitForFunction(async () => {
      const databases = indexedDB.open('splitseem');
      const database = await new Promise<IDBDatabase>((resolve) => {
        databases.onsuccess = () => {
          resolve(databases.result);
        };
      });
      const count = database.transaction(['works', 'files']).objectStore('files').count();
      return new Promise<boolean>((resolve) => {
        count.onsuccess = () => {
          resolve(count.result === 0);
        };
      });
    });
  });
});

/** From now on, the calls of the decoder that answer prompts, by every page of this tab. */
async function countSteps(): Promise<() => Promise<number>> {
  const count = (): void => {
    const counted = globalThis as unknown as { steps: number };
    counted.steps = 0;
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const send = Worker.prototype.postMessage as (this: Worker, ...args: unknown[]) => void;
    Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]) {
      if ((args[0] as { call?: string }).call === 'step') counted.steps++;
      send.apply(this, args);
    };
  };
  await user.page.addInitScript(count);
  return () => user.page.evaluate(() => (globalThis as unknown as { steps: number }).steps);
}

/** How many prompts the kept answers of each object are to; with `spoil` they are of another model from now on. */
const keptAnswers = (spoil = false): Promise<number[]> =>
  user.page.evaluate(async (isSpoilt) => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve) => {
        request.onsuccess = () => {
          resolve(request.result);
        };
      });
    const database = await done(indexedDB.open('splitseem-answers-by-prompt'));
    if (![...database.objectStoreNames].includes('objects')) return [];
    const store = database.transaction('objects', 'readwrite').objectStore('objects');
    const all = (await done(store.getAll())) as { count: number }[];
    if (isSpoilt) for (const one of all) await done(store.put({ ...one, model: '00' }));
    database.close();
    return all.map(({ count }) => count).sort();
  }, spoil);

describe('masks', () => {
  it('of all photos are there after a reload without a step, and the next click is what it would have been', async () => {
    await user.openSample(OTHER);
    await user.click({ x: 0.5, y: 0.5 });
    await work();
    const last = { x: 0.3, y: 0.85 };
    const corrected = (await user.click(last)).mask;
    await user.button('Undo').click();
    await expect.poll(() => keptAnswers(), PATIENTLY).toEqual([1, 1, 2]);
    await saved();
    const before = [essence(await user.project()), (await user.exportAs('COCO')).toString()];
    const steps = await countSteps();
    await user.page.reload();
    await expect.poll(async () => essence(await user.project()), PATIENTLY).toEqual(before[0]);
    await user.waitForEmbedding();
    expect([essence(await user.project()), (await user.exportAs('COCO')).toString()]).toEqual(before);
    expect(await steps()).toBe(0);
    expect((await user.click(last)).mask).toEqual(corrected);
    // One for the click that was kept, one for the new one.
    expect(await steps()).toBe(2);
    await expect.poll(() => keptAnswers(), PATIENTLY).toEqual([1, 2, 2]);
  });

  it('of another model are answered again', async () => {
    const before = await work();
    await expect.poll(() => keptAnswers(), PATIENTLY).toEqual([1, 2]);
    await keptAnswers(true);
    const steps = await countSteps();
    await user.page.reload();
    await expect.poll(steps, PATIENTLY).toBe(3);
    await expect.poll(async () => essence(await user.project()), PATIENTLY).toEqual(before);
  });

  it('go with the work', async () => {
    await work();
    await expect.poll(() => keptAnswers(), PATIENTLY).toEqual([1, 2]);
    await user.button(`Close ${SAMPLE}`).click();
    await expect.poll(() => keptAnswers(), PATIENTLY).toEqual([]);
  });
});

describe('a storage that is full', () => {
  it('is told, and leaving the page is asked about', async () => {
    // Bytes after the end of a JPEG file mean nothing.
    const buffer = Buffer.concat([readFileSync(samplePath(SAMPLE)), randomBytes(2_000_000)]);
    const session = await user.page.context().newCDPSession(user.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: stage.url, quotaSize: 200_000 });
    await user.openFile({ name: SAMPLE, mimeType: 'image/jpeg', buffer });
    await user.waitForEmbedding();
    await user.click({ x: 0.5, y: 0.3 });
    await user.status.getByText(/storage of this browser is full/).waitFor();
    const asked = user.page.waitForEvent('dialog');
    void user.page.reload().catch(() => undefined);
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    expect(await user.objects()).toHaveLength(1);
  });
});
