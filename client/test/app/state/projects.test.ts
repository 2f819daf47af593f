/** Opened projects over photos: what goes where, in every order. */
import { beforeEach, describe, expect, it } from 'vitest';
import { projectOf } from '../../../src/app/steps/projectOf';
import type { OpenedFile, Photo } from '../../../src/app/photos/photo';
import type { Project, ProjectImage, ProjectObject } from '../../../src/shared/types';
import { click } from '../../samples';
import { KEY, photo, settle, SIZE, World } from '../world';

const digest = (digit: string): string => digit.repeat(64);

const savedObject = (label: string, x = 1, fields: Partial<ProjectObject> = {}): ProjectObject => ({
  prompts: [click(x, 1)],
  mask: null,
  label,
  score: null,
  timings: {},
  ...fields,
});

const savedImage = (
  name: string,
  label: string,
  { file_sha256, key = null }: { readonly file_sha256?: string; readonly key?: string | null } = {},
): ProjectImage => ({
  name,
  size_hw: [SIZE.height, SIZE.width],
  key,
  objects: [savedObject(label)],
  ...(file_sha256 !== undefined && { file_sha256 }),
});

const projectWith = (...images: readonly ProjectImage[]): Project => ({
  type: 'project',
  protocol_version: 1,
  format: 1,
  images,
});

/** Files by name; a world opens them in the order it is told. */
let files: Record<string, OpenedFile>;
let world: World;

const putPhoto = (file: string, opened: Photo): void => {
  files[file] = { kind: 'photo', photo: opened };
};
const putProject = (file: string, project: Project): void => {
  files[file] = { kind: 'project', project, remark: null };
};

async function open(...names: readonly string[]): Promise<void> {
  await world.controller.openFiles(names.map((name) => new File([], name)));
  await settle();
}

/** Label of the first object of each open photo. */
const labels = (): unknown[] => {
  const { session } = world.store;
  return session.value.images.map(({ document }) => document.objects[0]?.userLabel ?? null);
};

const awaitedNames = (): string[] => world.store.awaited.value.map(({ saved }) => saved.name);

beforeEach(() => {
  files = {};
  world = new World(({ name }) => {
    const found = files[name];
    return found ? Promise.resolve(found) : Promise.reject(new Error(`no file ${name}`));
  });
});

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));

describe('by the bytes of the file', () => {
  it.each(permutations(['project', 'a', 'b']))(
    'objects find their photos when opened as %s, %s, %s',
    async (...order) => {
      // Both photos have one name and one size; so has, in the project, each its namesake.
      putPhoto('a', photo('0001.jpg', SIZE, digest('a')));
      putPhoto('b', photo('0001.jpg', SIZE, digest('b')));
      putProject(
        'project',
        projectWith(
          savedImage('0001.jpg', 'of a', { file_sha256: digest('a') }),
          savedImage('0001.jpg', 'of b', { file_sha256: digest('b') }),
        ),
      );
      await open(...order);
      const wanted = order.filter((name) => name !== 'project').map((name) => `of ${name}`);
      expect(labels()).toEqual(wanted);
      expect(awaitedNames()).toEqual([]);
    },
  );

  it('a photo is known under another name', async () => {
    putPhoto('photo', photo('renamed.jpg', SIZE, digest('a')));
    putProject('project', projectWith(savedImage('cat.jpg', 'Tom', { file_sha256: digest('a') })));
    await open('photo', 'project');
    expect(labels()).toEqual(['Tom']);
  });

  it.each([['another.jpg'], ['cat.jpg']])(
    'another photo of the same size, called %s, gets nothing unasked',
    async (name) => {
      putPhoto('photo', photo(name, SIZE, digest('b')));
      putProject('project', projectWith(savedImage('cat.jpg', 'Tom', { file_sha256: digest('a') })));
      await open('project', 'photo');
      expect(labels()).toEqual([null]);
      expect(awaitedNames()).toEqual(['cat.jpg']);
      await open('project');
      expect(labels()).toEqual([null]);
      expect(awaitedNames()).toEqual(['cat.jpg']);
    },
  );

  it('the user may say which photo it is, or none', async () => {
    putPhoto('photo', photo('edited.jpg', SIZE, digest('b')));
    putPhoto('small', photo('small.jpg', { height: 2, width: 2 }, digest('c')));
    putProject('project', projectWith(savedImage('cat.jpg', 'Tom', { file_sha256: digest('a') })));
    await open('project', 'photo', 'small');
    const [awaited] = world.store.awaited.value;
    if (awaited === undefined) throw new Error('nothing is awaited');
    const [candidate, ...others] = world.controller.candidates(awaited);
    expect([candidate?.name, others]).toEqual(['edited.jpg', []]);
    world.controller.assignAwaited(awaited, candidate?.id ?? '');
    expect(labels()).toEqual(['Tom', null]);
    expect(awaitedNames()).toEqual([]);
  });
});

describe('files without a digest', () => {
  it('are known by the key of the embedding, in whichever order the photos came', async () => {
    putPhoto('a', photo('0001.jpg', SIZE, digest('a')));
    putPhoto('b', photo('0001.jpg', SIZE, digest('b')));
    putProject(
      'project',
      projectWith(
        savedImage('0001.jpg', 'of a', { key: 'aa'.repeat(16) }),
        savedImage('0001.jpg', 'of b', { key: KEY }),
      ),
    );
    world.controller.start();
    await open('project', 'a', 'b');
    expect(labels()).toEqual([null, null]);
    world.embeds[1]?.arrive();
    await settle();
    expect(labels()).toEqual([null, 'of b']);
  });

  it('are known by a name and size that nothing else has', async () => {
    putPhoto('photo', photo());
    putProject('project', projectWith(savedImage('cat.jpg', 'Tom'), savedImage('dog.jpg', 'Rex')));
    await open('photo', 'project');
    expect(labels()).toEqual(['Tom']);
    expect(awaitedNames()).toEqual(['dog.jpg']);
  });

  it('wait for the key where they have one, and go by the name when it never comes', async () => {
    putPhoto('photo', photo());
    putProject('project', projectWith(savedImage('cat.jpg', 'Tom', { key: 'aa'.repeat(16) })));
    await open('photo', 'project');
    expect(labels()).toEqual([null]);
    world.embeds[0]?.fail({ kind: 'network', message: 'no server' });
    await settle();
    expect(labels()).toEqual(['Tom']);
  });

  it.each([
    ['two photos of that name are open', [photo(), photo()], [savedImage('cat.jpg', 'Tom')]],
    [
      'the project has that name twice',
      [photo()],
      [savedImage('cat.jpg', 'Tom'), savedImage('cat.jpg', 'Tim')],
    ],
    ['the photo has another name', [photo('dog.jpg')], [savedImage('cat.jpg', 'Tom')]],
  ] as const)('are asked for when %s', async (_, photos, images) => {
    photos.forEach((opened, index) => {
      putPhoto(`photo ${index}`, opened);
    });
    putProject('project', projectWith(...images));
    await open(...photos.map((_, index) => `photo ${index}`), 'project');
    expect(labels().every((label) => label === null)).toBe(true);
    expect(awaitedNames()).toEqual(images.map(({ name }) => name));
  });
});

describe('a project over its own objects', () => {
  beforeEach(async () => {
    putPhoto('photo', photo('cat.jpg', SIZE, digest('a')));
    await open('photo');
    world.controller.give(click(1, 1));
    world.controller.newObject();
    world.controller.give(click(2, 2));
    putProject('project', projectOf(world.store));
  });

  const image = () => world.store.session.value.images[0];

  it('changes nothing, adds no undo, and says so', async () => {
    const before = world.store.session.value;
    await open('project', 'project');
    expect(world.store.session.value).toBe(before);
    expect(world.store.notice.value).toMatch(/cat\.jpg has all that the project holds/);
  });

  it('brings back what was changed and deleted since, with its number, as one undo', async () => {
    const [first, second] = image()?.document.objects ?? [];
    world.controller.deleteObject(first?.id ?? '');
    world.controller.relabel(second?.id ?? '', 'Tom');
    world.controller.give(click(5, 3));
    const before = image();
    await open('project');
    const objects = image()?.document.objects ?? [];
    expect(objects.map(({ id, number, userLabel }) => [id, number, userLabel]).sort()).toEqual([
      [first?.id, 1, null],
      [second?.id, 2, null],
    ]);
    expect(objects.map(({ steps }) => steps.length)).toEqual([1, 1]);
    world.controller.undo();
    expect(image()?.document).toEqual(before?.document);
  });

  it('keeps objects that it does not know', async () => {
    world.controller.newObject();
    world.controller.give(click(4, 3));
    await open('project');
    expect(image()?.document.objects.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it('begins another object with the next click, and alters none that it brought', async () => {
    world.controller.clear();
    await open('project');
    world.controller.give(click(5, 1));
    expect(image()?.document.objects.map(({ steps }) => steps.length)).toEqual([1, 1, 1]);
  });

  it('of an older page, without ids, doubles nothing either', async () => {
    const project = projectOf(world.store);
    const images = project.images.map((saved) => ({
      ...saved,
      objects: saved.objects.map(({ prompts, mask, label, score, timings }) => ({
        prompts,
        mask,
        label,
        score,
        timings,
      })),
    }));
    putProject('old', { ...project, images });
    await open('old');
    expect(image()?.document.objects).toHaveLength(2);
  });

  it('does not take the id of an object on another photo', async () => {
    const [saved] = projectOf(world.store).images;
    if (saved === undefined) throw new Error('nothing saved');
    putPhoto('copy', photo('copy.jpg', SIZE, digest('b')));
    putProject('moved', projectWith({ ...saved, name: 'copy.jpg', file_sha256: digest('b') }));
    await open('copy', 'moved');
    const ids = world.store.session.value.images.flatMap(({ document }) =>
      document.objects.map(({ id }) => id),
    );
    expect(new Set(ids).size).toBe(4);
  });
});

describe('a project whose photos are not all open', () => {
  it('keeps the rest when it is saved again', async () => {
    const rest = savedImage('dog.jpg', 'Rex', { file_sha256: digest('d') });
    putPhoto('photo', photo('cat.jpg', SIZE, digest('a')));
    putProject('project', projectWith(savedImage('cat.jpg', 'Tom', { file_sha256: digest('a') }), rest));
    await open('project', 'photo');
    expect(projectOf(world.store).images.map(({ name }) => name)).toEqual(['cat.jpg', 'dog.jpg']);
    expect(projectOf(world.store).images[1]).toEqual(rest);
    await open('project');
    expect(projectOf(world.store).images.map(({ name }) => name)).toEqual(['cat.jpg', 'dog.jpg']);
    world.controller.forgetAwaited();
    expect(projectOf(world.store).images.map(({ name }) => name)).toEqual(['cat.jpg']);
  });
});

describe('names in a project', () => {
  it('that were guesses stay guesses, those of the user stay theirs', async () => {
    const objects = [
      savedObject('a guess', 1, { label_origin: 'model' }),
      savedObject('Tom', 2, { label_origin: 'user' }),
      savedObject('old', 3),
    ];
    putPhoto('photo', photo('cat.jpg', SIZE, digest('a')));
    putProject('project', projectWith({ ...savedImage('cat.jpg', ''), file_sha256: digest('a'), objects }));
    await open('photo', 'project');
    const saved = projectOf(world.store).images[0]?.objects;
    expect(saved?.map(({ label, label_origin }) => [label, label_origin])).toEqual([
      ['a guess', 'model'],
      ['Tom', 'user'],
      ['old', 'user'],
    ]);
  });

  it('that are guesses give way to what the model says now, and to the user', async () => {
    putPhoto('photo', photo('cat.jpg', SIZE, digest('a')));
    const objects = [savedObject('a guess', 1, { label_origin: 'model' })];
    putProject('project', projectWith({ ...savedImage('cat.jpg', ''), file_sha256: digest('a'), objects }));
    world.controller.start();
    await open('photo', 'project');
    world.embeds[0]?.arrive();
    await settle();
    await world.answer();
    const first = () => projectOf(world.store).images[0]?.objects[0];
    expect(first()).toMatchObject({ label: 'one', label_origin: 'model' });
    world.controller.relabel(first()?.id ?? '', 'one');
    expect(first()).toMatchObject({ label: 'one', label_origin: 'user' });
  });
});

describe('closing a photo', () => {
  it('is undone with its objects, its pixels decoded again and its embedding kept', async () => {
    await world.openReady();
    world.controller.give(click(1, 1));
    await world.answer();
    const before = projectOf(world.store);
    const id = world.store.session.value.activeImage ?? '';
    world.controller.closeImage(id);
    expect(world.store.photos.value.size).toBe(0);
    expect(projectOf(world.store).images).toEqual([]);
    world.controller.undo();
    await settle();
    expect(world.store.photos.value.get(id)?.readiness.phase).toBe('ready');
    expect(world.embeds).toHaveLength(1);
    expect(world.calls.filter((call) => call === 'open')).toHaveLength(2);
    expect(projectOf(world.store)).toEqual(before);
    expect(world.questions).toHaveLength(1);
    world.controller.redo();
    expect(world.store.photos.value.size).toBe(0);
  });

  it('again, while its pixels are being decoded, lets go of them', async () => {
    await world.openReady();
    world.controller.closeImage(world.store.session.value.activeImage ?? '');
    world.controller.undo();
    world.controller.redo();
    await settle();
    expect(world.store.photos.value.size).toBe(0);
    world.controller.undo();
    await settle();
    expect(world.store.photos.value.size).toBe(1);
  });
});

describe('a project opened after its photo was closed', () => {
  const saved = savedImage('cat.jpg', 'Tom', { file_sha256: digest('a') });
  const rest = savedImage('dog.jpg', 'Rex', { file_sha256: digest('d') });

  async function openOverClosed(images: readonly ProjectImage[]): Promise<Project> {
    putPhoto('photo', photo('cat.jpg', SIZE, digest('a')));
    putProject('project', projectWith(...images));
    world.controller.start();
    await open('photo');
    world.embeds.at(-1)?.arrive();
    await settle();
    world.controller.closeImage(world.store.session.value.activeImage ?? '');
    await open('project');
    return projectOf(world.store);
  }

  async function undoClosing(): Promise<void> {
    world.controller.undo();
    await settle();
    world.embeds.at(-1)?.arrive();
    await settle();
  }

  it.each([
    ['first', [saved, rest]],
    ['last', [rest, saved]],
  ] as const)('gives its objects to the photo that undo brings back, until redo (%s)', async (_, images) => {
    const before = await openOverClosed(images);
    // The second time the photo has all that the project holds.
    for (let time = 0; time < 2; time++) {
      await undoClosing();
      expect(labels()).toEqual(['Tom']);
      expect(awaitedNames()).toEqual(['dog.jpg']);
      world.controller.redo();
      expect(projectOf(world.store)).toEqual(before);
    }
  });

  it('gives them for good when the photo is closed by the user after that', async () => {
    await openOverClosed([saved, rest]);
    await undoClosing();
    world.controller.closeImage(world.store.session.value.activeImage ?? '');
    const closed = projectOf(world.store);
    expect(awaitedNames()).toEqual(['dog.jpg']);
    await undoClosing();
    expect(labels()).toEqual(['Tom']);
    world.controller.redo();
    expect(projectOf(world.store)).toEqual(closed);
  });
});
