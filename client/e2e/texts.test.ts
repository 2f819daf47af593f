/** Words as prompts, with a small model and a stand-in for the sentence encoder on a real server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CocoRle, ProjectObject, PromptItem } from '../src/shared/types';
import { seriousFindings } from './axe';
import { samplePath, type PageUnderTest } from './browser';
import { iou } from './masks';
import { run, startServer, WITH_FAKE_SENTENCES } from './programs';
import { useStage } from './stage';

const SAMPLE = 'coffee.jpg';
const TEXT = '**/v1/text';

/** As for clicks: browser and torch add up in different orders. */
const LEAST_IOU = 0.99;

const stage = useStage({
  serve: async ({ folder }) => {
    const decoder = join(folder, 'decoder');
    await run(WITH_FAKE_SENTENCES, ['make-model', model]);
    await run(WITH_FAKE_SENTENCES, ['export', '--model', model, '-o', decoder]);
    return startServer(['--model', model, '--decoder-dir', decoder], WITH_FAKE_SENTENCES);
  },
});
const model = join(stage.folder, 'tiny.safetensors');
let user: PageUnderTest;
/** Paths of the requests since the photo was ready. */
let requests: string[];

beforeEach(async () => {
  user = await stage.visit();
  await user.openSample(SAMPLE);
  requests = [];
  user.page.on('request', (request) => requests.push(new URL(request.url()).pathname));
});

/** Type words into the field of the Text tool. */
async function type(words: string): Promise<void> {
  await user.page.getByRole('radio', { name: 'Text' }).check();
  await user.page.getByRole('textbox', { name: 'Text prompt' }).fill(words);
  await user.page.keyboard.press('Enter');
}

async function say(words: string): Promise<void> {
  const before = await user.answered();
  await type(words);
  await user.waitForAnswers(before + 1);
}

async function expectReference(object: ProjectObject | undefined): Promise<void> {
  if (object?.mask == null) throw new Error('the object has no mask');
  const out = join(stage.folder, 'reference.json');
  const prompts = object.prompts.flatMap(toOption);
  await run(WITH_FAKE_SENTENCES, ['segment', samplePath(SAMPLE), '--model', model, ...prompts, '-o', out]);
  const { size, counts, label, score } = JSON.parse(readFileSync(out, 'utf8')) as CocoRle & {
    label: string;
    score: number;
  };
  expect(iou(object.mask, { size, counts })).toBeGreaterThanOrEqual(LEAST_IOU);
  expect(object.label).toBe(label);
  // The page computes with weights that were stored in eight bits.
  expect(Math.abs((object.score ?? NaN) - score)).toBeLessThan(0.1);
}

function toOption(prompt: PromptItem): string[] {
  if (prompt.kind === 'text') return ['--text', prompt.text];
  if (prompt.kind === 'click')
    return [prompt.label === 1 ? '--point' : '--negative', `${prompt.x},${prompt.y}`];
  throw new Error(`a ${prompt.kind} is not used here`);
}

describe('words', () => {
  it('alone and between clicks give the masks of the command line', async () => {
    await say('a red cup');
    await user.page.keyboard.press('Escape');
    await user.click({ x: 0.5, y: 0.3 });
    await say('on a table');
    const [mixed] = await user.objects();
    expect(mixed?.prompts.map(({ kind }) => kind)).toEqual(['text', 'click', 'text']);
    await expectReference(mixed);

    await user.button('New object').click();
    await say('a spoon');
    const [, alone] = await user.objects();
    await expectReference(alone);
    expect(alone?.mask).not.toEqual(mixed?.mask);
  }, 60_000);

  it('are asked for once; clicks, undo, redo and the same words ask for nothing', async () => {
    await user.click({ x: 0.2, y: 0.2 });
    expect(requests).toEqual([]);
    await say('a red cup');
    expect(requests.filter((path) => path === '/v1/text')).toHaveLength(1);
    expect(requests.filter((path) => path.includes('/general_'))).not.toEqual([]);
    requests.length = 0;
    const before = await user.objects();
    await user.page.keyboard.press('Escape');
    await user.click({ x: 0.5, y: 0.3 });
    await user.button('Undo').click();
    await user.button('Undo').click();
    await user.button('Redo').click();
    expect(await user.objects()).toEqual(before);
    await user.button('New object').click();
    await say('a red cup');
    expect(requests).toEqual([]);
  });

  it('are shown with their object, and can be taken back', async () => {
    const { mask } = await user.click({ x: 0.2, y: 0.2 });
    await say('a red cup');
    await user.page.getByRole('list', { name: 'Objects' }).getByText('a red cup').waitFor();
    await user.button('Remove text a red cup').click();
    const [object] = await user.objects();
    expect(object?.prompts).toMatchObject([{ kind: 'click' }]);
    expect(object?.mask).toEqual(mask);
  });

  it('are saved as words, and looked up again when the project is opened', async () => {
    await say('a red cup');
    const saved = await user.exportAs('Project');
    const [before] = await user.objects();
    expect(before?.prompts).toEqual([{ kind: 'text', text: 'a red cup' }]);
    await user.startOver();
    await user.openFile({ name: 'project.json', mimeType: 'application/json', buffer: saved });
    await user.openSample(SAMPLE);
    await user.waitForAnswers(1);
    expect((await user.objects())[0]?.mask).toEqual(before?.mask);
  });
});

describe('class names', () => {
  const NAMES = ['mug', 'spoon', 'table cloth'];

  it('of the user name every object after one request, and are saved with the project', async () => {
    await user.click({ x: 0.5, y: 0.3 });
    await user.button('Class names').click();
    await user.page.getByRole('textbox', { name: 'Class names' }).fill(NAMES.join('\n'));
    await user.button('Use these names').click();
    const label = user.page.getByRole('combobox', { name: 'Label of object 1' });
    await user.page.waitForFunction(
      (names) => names.includes(document.querySelector<HTMLInputElement>('.object-label')?.value ?? ''),
      NAMES,
    );
    const given = await label.inputValue();
    await user.button('New object').click();
    await user.click({ x: 0.2, y: 0.8 });
    const objects = await user.objects();
    expect(objects.map((object) => NAMES.includes(object.label ?? ''))).toEqual([true, true]);
    expect(objects[0]?.label).toBe(given);
    expect(requests).toEqual(['/v1/text']);

    const saved = await user.exportAs('Project');
    await user.startOver();
    await user.openFile({ name: 'project.json', mimeType: 'application/json', buffer: saved });
    await user.openSample(SAMPLE);
    await user.waitForAnswers(2);
    await user.button('New object').click();
    expect(NAMES).toContain((await user.click({ x: 0.5, y: 0.3 })).label);
    expect((await user.project()).class_names).toEqual(NAMES);
  });

  it('of the user name objects where the server decodes, before and after', async () => {
    await user.page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: '' }));
    await user.page.reload();
    await user.status.getByText(/Decoding on the server/).waitFor();
    await user.openSample(SAMPLE);
    const before = await user.click({ x: 0.5, y: 0.3 });
    expect(NAMES).not.toContain(before.label);
    await user.button('Class names').click();
    await user.page.getByRole('textbox', { name: 'Class names' }).fill(NAMES.join('\n'));
    await user.button('Use these names').click();
    await user.page.waitForFunction(
      (names) => names.includes(document.querySelector<HTMLInputElement>('.object-label')?.value ?? ''),
      NAMES,
    );
    await user.button('New object').click();
    expect(NAMES).toContain((await user.click({ x: 0.2, y: 0.8 })).label);
  });
});

describe.each(['light', 'dark'] as const)('axe finds nothing serious, %s', (colorScheme) => {
  it('with words and class names', async () => {
    await user.page.emulateMedia({ colorScheme });
    await say('a red cup');
    expect(await seriousFindings(user.page)).toEqual([]);
    await user.button('Class names').click();
    expect(await seriousFindings(user.page)).toEqual([]);
    await user.page.getByRole('textbox', { name: 'Class names' }).fill('mug\nspoon');
    expect(await seriousFindings(user.page)).toEqual([]);
    await user.button('Use these names').click();
    await user.page.getByText('2 in use').waitFor();
    expect(await seriousFindings(user.page)).toEqual([]);
  });

  it('with words that cannot be looked up', async () => {
    await user.page.emulateMedia({ colorScheme });
    await user.page.route(TEXT, (route) => route.fulfill({ status: 404, body: '' }));
    await type('a red cup');
    await user.button('Try again').waitFor();
    expect(await seriousFindings(user.page)).toEqual([]);
  });
});

describe('a server', () => {
  const NO_ENCODER = {
    status: 404,
    contentType: 'application/problem+json',
    body: JSON.stringify({
      type: 'urn:splitseem:problem:no-text-encoder',
      title: 'There is no text encoder',
      status: 404,
      detail: 'no text encoder is loaded for model tiny',
    }),
  };

  it('without sentence encoder is named, the words stay, and can be tried again', async () => {
    await user.page.route(TEXT, (route) => route.fulfill(NO_ENCODER), { times: 1 });
    const { mask } = await user.click({ x: 0.2, y: 0.2 });
    await type('a red cup');
    await user.status
      .getByText(/“a red cup” cannot be looked up: this server does not understand words/)
      .waitFor();
    const [object] = await user.objects();
    expect(object?.prompts).toHaveLength(2);
    expect(object?.mask).toEqual(mask);
    await user.button('Try again').click();
    await user.waitForAnswers(2);
    await expectReference((await user.objects())[0]);
  });

  it('without sentence encoder does not stop the other prompts of the object', async () => {
    let asked = 0;
    await user.page.route(TEXT, (route) => {
      asked++;
      return route.fulfill(NO_ENCODER);
    });
    await user.click({ x: 0.5, y: 0.3 });
    await type('a red cup');
    const list = user.page.getByRole('list', { name: 'Objects' });
    await list.getByText('Left out: this server does not understand words.').waitFor();
    await user.page.keyboard.press('Escape');
    await user.page.getByRole('radio', { name: 'Click' }).check();
    await user.click({ x: 0.4, y: 0.4 });
    await user.click({ x: 0.1, y: 0.9 }, 'right');
    await list.getByText('4 prompts · 1 left out').waitFor();
    expect(asked).toBe(1);
    const mask = (await user.objects())[0]?.mask;

    // Without the words, the object is that of its clicks.
    await user.button('Remove text a red cup').click();
    await list.getByText(/Left out: /).waitFor({ state: 'detached' });
    await user.waitForAnswers(3);
    const [clicked] = await user.objects();
    expect(clicked?.prompts).toHaveLength(3);
    expect(clicked?.mask).toEqual(mask);
    await expectReference(clicked);
  });

  it('out of reach is named, and other objects go on', async () => {
    await user.page.route(TEXT, (route) => route.abort());
    await type('a red cup');
    await user.status.getByText(/The server looks up “a red cup”/).waitFor();
    await user.button('New object').click();
    await user.page.getByRole('radio', { name: 'Click' }).check();
    await user.click({ x: 0.5, y: 0.3 });
    await user.status.getByText(/“a red cup” cannot be looked up: the server cannot be reached/).waitFor();
    expect((await user.objects()).map(({ prompts }) => prompts[0]?.kind)).toEqual(['text', 'click']);
  });
});
