/** Videos as the browser's own recorder writes them: MP4, and WebM that does not say how long it is. */
import { describe, expect, it } from 'vitest';
import type { PageUnderTest } from '../browser';
import { useStage } from '../stage';
import { recording, VIDEO } from './videoFile';

const stage = useStage();

const SECONDS = 2;
const FORMS = [
  ['clip.webm', ['video/webm;codecs=vp8']],
  // Not every build of Chromium has H.264.
  ['clip.mp4', ['video/mp4;codecs=avc1.42E01E', 'video/mp4;codecs=vp9', 'video/mp4;codecs=av01.0.01M.08']],
] as const;

/** Seconds that the browser takes from the head of the file, as text. */
const durationOf = (user: PageUnderTest, buffer: Buffer, type: string): Promise<string> =>
  user.page.evaluate(
    async ([data, form]) => {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const video = document.createElement('video');
      video.src = URL.createObjectURL(new Blob([bytes], { type: form }));
      await new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true }));
      return `${video.duration}`;
    },
    [buffer.toString('base64'), type] as const,
  );

describe('a video of two seconds', () => {
  it.for(FORMS)('as %s opens as photos of all of it', async ([name, forms], { skip }) => {
    const user = await stage.visit();
    const recorded = await recording(user.page, forms, SECONDS);
    if (recorded === null) return skip(`this browser writes none of ${forms.join(', ')}`);
    const { buffer, form } = recorded;
    const mimeType = form.replace(/;.*/, '');
    const said = await durationOf(user, buffer, mimeType);
    console.log(`${form}: ${buffer.length} bytes, duration ${said}`);
    if (mimeType === 'video/webm') expect(said).toBe('Infinity');
    await user.openFile({ name, mimeType, buffer });
    const dialog = user.page.getByRole('dialog', { name: 'Frames of a video' });
    await dialog.waitFor();
    await dialog.getByLabel('Frames a second').fill('2');
    const opening = dialog.getByRole('button', { name: /^Open \d+ frames$/ });
    const count = Number(/\d+/.exec((await opening.textContent()) ?? '')?.[0]);
    // A recorder on a busy machine may run on a little.
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThanOrEqual(8);
    await opening.click();
    const stem = name.replace(/\..*/, '');
    await user.page.getByRole('button', { name: `${stem}-000${count}.jpg`, exact: true }).waitFor();
    const { images } = await user.project();
    expect(images.map(({ size_hw }) => size_hw)).toEqual(
      Array.from({ length: count }, () => [VIDEO.height, VIDEO.width]),
    );
    // Each photo is another moment.
    expect(new Set(images.map(({ file_sha256 }) => file_sha256)).size).toBe(count);
  });
});
