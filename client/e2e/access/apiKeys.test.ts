/** A server that asks for keys: the page asks its user once, and goes on with what waited. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { seriousFindings } from '../axe';
import { samplePath, type PageUnderTest } from '../browser';
import { run, startServer, WITH_FAKE_SENTENCES } from '../programs';
import { useStage } from '../stage';

const GENEROUS = { timeout: 120_000 };
const SAMPLE = 'coffee.jpg';
const KEYED = ['/v1/embed', '/v1/text', '/v1/upright', '/v1/decode'];

/** May do everything, and may embed only. */
const keys = { all: '', embed: '' };

const stage = useStage({
  serve: async ({ folder }) => {
    const [decoder, model, file] = ['decoder', 'tiny.safetensors', 'keys'].map((name) => join(folder, name));
    if (decoder === undefined || model === undefined || file === undefined) throw new Error('no folder');
    await run(WITH_FAKE_SENTENCES, ['make-model', model]);
    await run(WITH_FAKE_SENTENCES, ['export', '--model', model, '-o', decoder]);
    const made = { all: await makeKey('embed,decode'), embed: await makeKey('embed') };
    [keys.all, keys.embed] = [made.all[0], made.embed[0]];
    writeFileSync(file, `${made.all[1]}\n${made.embed[1]}\n`);
    const options = ['--model', model, '--decoder-dir', decoder];
    return startServer(options, ['env', `SPLITSEEM_API_KEYS_FILE=${file}`, ...WITH_FAKE_SENTENCES]);
  },
});

async function makeKey(scope: string): Promise<readonly [string, string]> {
  const said = await run(WITH_FAKE_SENTENCES, ['keys', 'new', '--name', 'ann', '--scope', scope]);
  const [key = '', line = ''] = said.split('\n');
  return [key, line];
}

let user: PageUnderTest;
/** Path and key of every request that needs one. */
let sent: { path: string; key: string | undefined }[];

beforeEach(async () => {
  user = await stage.visit();
  sent = [];
  user.page.on('request', (request) => {
    const path = new URL(request.url()).pathname;
    if (KEYED.includes(path)) sent.push({ path, key: request.headers()['x-api-key'] });
  });
});

const dialog = () => user.page.getByRole('dialog', { name: 'This server asks for an API key' });

async function giveKey(key: string): Promise<void> {
  await dialog().getByLabel('API key', { exact: true }).fill(key);
  await user.page.keyboard.press('Enter');
}

it('asks once, goes on with what waited, and sends the key with everything after it', GENEROUS, async () => {
  await user.openFile(samplePath(SAMPLE));
  await dialog().waitFor();
  expect(await seriousFindings(user.page)).toEqual([]);
  await giveKey(keys.all);
  await user.waitForEmbedding();
  await dialog().waitFor({ state: 'hidden' });
  await user.click({ x: 0.5, y: 0.5 });
  await user.page.getByRole('radio', { name: 'Text' }).check();
  await user.page.getByRole('textbox', { name: 'Text prompt' }).fill('a red cup');
  const before = await user.answered();
  await user.page.keyboard.press('Enter');
  await user.waitForAnswers(before + 1);
  expect(sent.map(({ path, key }) => [path, key])).toEqual([
    ['/v1/embed', undefined],
    ['/v1/embed', keys.all],
    ['/v1/text', keys.all],
  ]);
});

it('says that a key is wrong, and takes another one', GENEROUS, async () => {
  await user.openFile(samplePath(SAMPLE));
  await giveKey('splitseem_wrong');
  await dialog().getByRole('alert').getByText('does not know this key').waitFor();
  await giveKey(' ');
  await dialog().getByRole('alert').getByText('cannot be a key').waitFor();
  await giveKey(`  ${keys.all} `);
  await user.waitForEmbedding();
  expect(sent.map(({ key }) => key)).toEqual([undefined, 'splitseem_wrong', keys.all]);
});

it('keeps the key through a reload, and not for another tab', GENEROUS, async () => {
  await user.openFile(samplePath(SAMPLE));
  await giveKey(keys.all);
  await user.waitForEmbedding();
  await user.page.reload();
  await user.waitForDecoder();
  await user.openFile(samplePath('astronaut.jpg'));
  await user.waitForEmbedding();
  expect(sent.map(({ key }) => key)).toEqual([undefined, keys.all, ...sent.slice(2).map(() => keys.all)]);
  const other = await stage.visit();
  // The embeddings of the others are kept in this browser, and need no key.
  await other.openFile(samplePath('chelsea.jpg'));
  await other.page.getByRole('dialog', { name: 'This server asks for an API key' }).waitFor();
});

it('asks for another key where the first does not allow what is asked', GENEROUS, async () => {
  await user.page.route('**/*.wasm', (route) => route.fulfill({ status: 404, body: '' }));
  await user.page.reload();
  await user.status.getByText(/Decoding on the server/).waitFor();
  await user.openFile(samplePath(SAMPLE));
  await giveKey(keys.embed);
  await user.waitForEmbedding();
  await user.press({ x: 0.5, y: 0.5 });
  await dialog().getByRole('alert').getByText('does not allow').waitFor();
  await giveKey(keys.all);
  await user.waitForAnswers(1);
  expect(sent.filter(({ path }) => path === '/v1/decode').map(({ key }) => key)).toEqual([
    keys.embed,
    keys.all,
  ]);
});

it(
  'without a key says what is missing, loses nothing, and asks when it is tried again',
  GENEROUS,
  async () => {
    await user.openFile(samplePath(SAMPLE));
    await dialog().waitFor();
    await user.page.keyboard.press('Escape');
    await user.page.getByText('This server wants an API key').first().waitFor();
    await user.button('Try again').first().click();
    await giveKey(keys.all);
    await user.waitForEmbedding();
  },
);
