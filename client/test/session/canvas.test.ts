import { describe, expect, it } from 'vitest';
import { setCanvas } from '../../src/session/canvas';
import { toProject } from '../../src/session/project';
import { activeImageOf, EMPTY_SESSION, type Session } from '../../src/session/state';
import {
  activateImage,
  addPrompt,
  clearImage,
  openImage,
  restoreObjects,
  undo,
} from '../../src/session/transitions';
import { projectFromJson } from '../../src/codec/unpack';
import { unwrap } from '../../src/shared/errors';
import type { ProjectImage } from '../../src/shared/types';

const SIZE = { height: 4, width: 6 };
const CLICK = { kind: 'click', x: 1, y: 1, label: 1 } as const;
const FACTS = { keyOf: () => null, digestOf: () => null, timingsOf: () => ({}) };

/** Two photos, of which the first is shown and has a click. */
function twoPhotos(): Session {
  const opened = openImage(openImage(EMPTY_SESSION, 'a.png', SIZE), 'b.png', SIZE);
  return addPrompt(activateImage(opened, 'image-1'), CLICK, 1);
}

const canvases = (session: Session) => session.images.map(({ document }) => document.canvas);
const steps = (session: Session) =>
  activeImageOf(session)?.document.objects.flatMap((object) => object.steps.map(({ id }) => id));
const saved = (session: Session): readonly ProjectImage[] => toProject(session, FACTS).images;

describe('another canvas', () => {
  it('has the prompts of the photo answered again, and is that of photos without prompts', () => {
    const before = twoPhotos();
    const after = setCanvas(before, 768);
    expect(canvases(after)).toEqual([768, 768]);
    expect(steps(after)).not.toEqual(steps(before));
    expect(saved(after)[0]?.objects[0]?.prompts).toEqual([CLICK]);
  });

  it('stays away from other photos with prompts, whose masks would change', () => {
    const other = activateImage(twoPhotos(), 'image-2');
    expect(canvases(setCanvas(other, 768))).toEqual([null, 768]);
  });

  it('is undone, with the masks that were there', () => {
    const before = twoPhotos();
    const undone = undo(setCanvas(before, 768));
    expect([canvases(undone)[0], steps(undone)]).toEqual([null, steps(before)]);
  });

  it('is still there after all objects were removed', () => {
    expect(canvases(clearImage(setCanvas(twoPhotos(), 768)))[0]).toBe(768);
  });

  it('is saved and opened again', () => {
    const [image] = saved(setCanvas(twoPhotos(), 768));
    const project = { type: 'project', protocol_version: 1, format: 1, images: [image] };
    const [read] = unwrap(projectFromJson(JSON.parse(JSON.stringify(project)))).images;
    expect(read?.canvas).toBe(768);
    const fresh = openImage(EMPTY_SESSION, 'a.png', SIZE);
    expect(canvases(restoreObjects(fresh, 'image-1', read?.objects ?? [], 1, read))).toEqual([768]);
  });

  it('goes where a project has clicks of the usual one, and stays for masks from elsewhere', () => {
    const large = setCanvas(twoPhotos(), 768);
    const [image] = saved(twoPhotos());
    const mask = { kind: 'mask', size: [4, 6], counts: [24] } as const;
    const restored = (prompt: typeof mask | typeof CLICK) => {
      const [object] = image?.objects ?? [];
      if (object === undefined) throw new Error('no object');
      return restoreObjects(large, 'image-1', [{ ...object, id: 'other', prompts: [prompt] }], 1, {});
    };
    expect(canvases(restored(CLICK))[0]).toBeNull();
    expect(canvases(restored(mask))[0]).toBe(768);
    expect(steps(restored(CLICK))?.[0]).not.toBe(steps(large)?.[0]);
  });
});
