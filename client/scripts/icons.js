/** Makes the icons of the installed page of `public/icon.svg`: `node scripts/icons.js`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium, REPOSITORY } from './chromium.js';

const PUBLIC = join(REPOSITORY, 'client/public');
/** Sizes, and the share of the width that the picture has: what systems cut off a maskable icon is only ground. */
const ICONS = [
  { file: 'icon-192.png', size: 192, share: 1 },
  { file: 'icon-512.png', size: 512, share: 1 },
  { file: 'icon-maskable-512.png', size: 512, share: 0.7 },
];
const GROUND = '#2563eb';

const picture = `data:image/svg+xml;base64,${(await readFile(join(PUBLIC, 'icon.svg'))).toString('base64')}`;
const browser = await launchChromium();
for (const { file, size, share } of ICONS) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const ground = share === 1 ? 'transparent' : GROUND;
  const style = `position:absolute;inset:0;margin:auto;width:${100 * share}%;height:${100 * share}%`;
  await page.setContent(`<body style="background:${ground}"><img src="${picture}" style="${style}"></body>`);
  await page.waitForFunction('document.images[0].complete');
  await page.screenshot({ path: join(PUBLIC, file), omitBackground: true });
}
await browser.close();
