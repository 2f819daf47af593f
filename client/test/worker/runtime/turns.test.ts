import { expect, it } from 'vitest';
import { Turns } from '../../../src/worker/runtime/turns';

/** Pieces of work that say when they ran. */
function recorder() {
  const turns = new Turns();
  const ran: string[] = [];
  const work = (name: string) => async () => {
    await Promise.resolve();
    ran.push(name);
  };
  return { turns, ran, work };
}

it('lets steps go first, and a slice after each of them', async () => {
  const { turns, ran, work } = recorder();
  await Promise.all([
    ...['slice 1', 'slice 2', 'slice 3'].map((name) => turns.slice(work(name))),
    ...['step 1', 'step 2'].map((name) => turns.step(work(name))),
  ]);
  expect(ran).toEqual(['slice 1', 'step 1', 'slice 2', 'step 2', 'slice 3']);
});

it('lets a step in that was asked for by a message during a slice', async () => {
  const { turns, ran, work } = recorder();
  const { port1, port2 } = new MessageChannel();
  let answered: Promise<void> = Promise.resolve();
  port1.onmessage = () => {
    answered = turns.step(work('step'));
  };
  const first = turns.slice(() => {
    port2.postMessage(null);
    return work('slice 1')();
  });
  await Promise.all([first, turns.slice(work('slice 2'))]);
  await answered;
  port1.close();
  expect(ran).toEqual(['slice 1', 'step', 'slice 2']);
});

it('never does two things at once, and goes on after a failure', async () => {
  const turns = new Turns();
  let running = 0;
  const once = async (): Promise<number> => {
    const now = ++running;
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return now;
  };
  const failing = turns.step(() => Promise.reject(new Error('broken')));
  const all = [turns.step(once), turns.slice(once), turns.step(once)];
  await expect(failing).rejects.toThrow('broken');
  expect(await Promise.all(all)).toEqual([1, 1, 1]);
});
