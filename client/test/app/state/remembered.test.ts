import { afterEach, expect, it, vi } from 'vitest';
import { rememberedSwitch } from '../../../src/app/state/remembered';

afterEach(() => {
  vi.unstubAllGlobals();
});

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

it.each([true, false])('a choice that is usually %s is found again', (usual) => {
  vi.stubGlobal('localStorage', storage());
  const first = rememberedSwitch('x', usual);
  expect(first.value).toBe(usual);
  first.value = !usual;
  expect(rememberedSwitch('x', usual).value).toBe(!usual);
  expect(rememberedSwitch('y', usual).value).toBe(usual);
});

it('a choice is forgotten where the browser keeps nothing', () => {
  vi.stubGlobal('localStorage', undefined);
  const chosen = rememberedSwitch('x', true);
  chosen.value = false;
  expect(rememberedSwitch('x', true).value).toBe(true);
});
