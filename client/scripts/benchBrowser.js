/**
 * Runs plans of the browser benchmark in a headless Chromium: `node benchBrowser.js ROOT PLANS OUTCOMES`.
 *
 * ROOT is served on a loopback port; PLANS and OUTCOMES are JSON lists. Called by `benchmarks/browser`.
 */
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { launchChromium } from './chromium.js';

const PAGE = '/bench/page/index.html';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** @param {string} root @returns {Promise<import('node:http').Server>} */
function serve(root) {
  const server = createServer((request, response) => {
    const path = join(root, normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    const found = statSync(path, { throwIfNoEntry: false });
    // A folder is a decoder; its address is that of its manifest.
    const file = found?.isDirectory() ? join(path, 'manifest.json') : path;
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    const type = Object.entries(TYPES).find(([suffix]) => suffix === extname(file))?.[1];
    response.writeHead(200, {
      ...HEADERS,
      'Content-Type': type ?? 'application/octet-stream',
      'Content-Length': stats.size,
    });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

/**
 * @param {string} root
 * @param {readonly import('../bench/plan').Plan[]} plans
 */
async function runPlans(root, plans) {
  const server = await serve(root);
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => {
      console.error(error.message);
    });
    await page.goto(`http://127.0.0.1:${port}${PAGE}`);
    const outcomes = [];
    for (const plan of plans) {
      outcomes.push(await page.evaluate(`runPlan(${JSON.stringify(plan)})`));
    }
    return { browser: browser.version(), outcomes };
  } finally {
    await browser.close();
    server.close();
  }
}

const [root, plans, outcomes] = process.argv.slice(2);
if (root === undefined || plans === undefined || outcomes === undefined) {
  throw new Error('expected: ROOT PLANS OUTCOMES');
}
const read = /** @type {unknown} */ (JSON.parse(readFileSync(plans, 'utf8')));
const result = await runPlans(root, /** @type {import('../bench/plan').Plan[]} */ (read));
writeFileSync(outcomes, JSON.stringify(result));
