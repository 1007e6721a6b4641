// Forced colours, as in Windows' contrast themes: no word and no mark vanishes with the colours that are taken away.

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, settled } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

interface Ink {
  /** The contrast between the darkest and the lightest pixel, from 1 to 21. */
  contrast: number;
  /** Of all pixels, in the range 0 to 1. */
  mean: number;
}

/** What is to be seen in a part of the page. A picture is decoded in a page of its own, which no policy binds. */
async function inkOf(page: Page, clip: { x: number; y: number; width: number; height: number }): Promise<Ink> {
  const png = (await page.screenshot({ clip })).toString('base64');
  const other = await page.context().newPage();
  const ink = await other.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, image.width, image.height).data;
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const lights: number[] = [];
    for (let at = 0; at < bytes.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]].map((one) => linear((one ?? 0) / 255));
      lights.push(0.2126 * red + 0.7152 * green + 0.0722 * blue);
    }
    return { contrast: (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05), mean: lights.reduce((sum, one) => sum + one, 0) / lights.length };
  }, png);
  await other.close();
  return ink;
}

/** The place of the words themselves, so that no border and no backplate counts as one. */
async function wordsIn(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  return of.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const { x, y, width, height } = range.getBoundingClientRect();
    return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
  });
}

async function boxOf(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await of.boundingBox();
  if (!box) throw new Error('it has no place');
  return { x: box.x + 2, y: box.y + 2, width: box.width - 4, height: box.height - 4 };
}

describe.each([false, true])('in forced colours (dark: %s)', (dark) => {
  it('the primary button can be read', async () => {
    const window = await open(browser, { forced: true, dark });
    const button = window.page.getByRole('button', { name: 'Scan now' });
    const { contrast } = await inkOf(window.page, await wordsIn(button.locator('.words')));
    expect(contrast, 'its words stand out').toBeGreaterThan(4.5);
    await holds(window);
    await window.close();
  });

  it('what is current is marked, and can be read', async () => {
    for (const [route, here, elsewhere] of [
      ['history', '.rail .page[aria-current]', '.rail .page:not([aria-current])'],
      ['subnet/101', '.rail .subnets a[aria-current]', '.rail .subnets a:not([aria-current])'],
      ['settings/server', 'main nav a[aria-current]', 'main nav a:not([aria-current])'],
      ['settings/schedule', '.days [aria-pressed=true]', null],
      ['setup', '.stages .current .number', '.stages li:not(.current) .number'],
    ] as const) {
      const { page, close } = await open(browser, { route, forced: true, dark });
      const current = page.locator(here).first();
      await current.waitFor();
      // The scrolling that a section's address asks for is over once the section is there.
      await current.scrollIntoViewIfNeeded();
      expect((await inkOf(page, await wordsIn(current))).contrast, `${here} can be read`).toBeGreaterThan(3);
      if (elsewhere !== null) {
        const difference = (await inkOf(page, await boxOf(current))).mean - (await inkOf(page, await boxOf(page.locator(elsewhere).first()))).mean;
        expect(Math.abs(difference), `${here} differs from ${elsewhere}`).toBeGreaterThan(0.2);
      }
      await close();
    }
  });

  it('cells of the map can be told apart', async () => {
    for (const [route, query, cells] of [
      ['subnet/101', '', { free: '10.20.0.15', known: '10.20.0.1', unknown: '10.20.0.118', missing: '10.20.0.44', mismatch: '10.20.0.73', excluded: '10.20.0.240', reserved: '10.20.0.255' }],
      ['subnet/101', 'state=never-scanned', { free: '10.20.0.15', unscanned: '10.20.0.1', excluded: '10.20.0.240', reserved: '10.20.0.255' }],
    ] as const) {
      const { page, close } = await open(browser, { route, query, forced: true, dark });
      const pictures = new Map<string, string>();
      for (const [standing, ip] of Object.entries(cells)) {
        const cell = page.getByRole('gridcell', { name: new RegExp(`^${ip.replaceAll('.', '\\.')},`) });
        await cell.waitFor();
        await settled(page);
        const box = await cell.boundingBox();
        if (!box) throw new Error(`${ip} has no place`);
        const clip = { x: Math.round(box.x), y: Math.round(box.y), width: 24, height: 24 };
        expect((await inkOf(page, clip)).contrast, `${standing} is to be seen`).toBeGreaterThan(1.5);
        pictures.set(standing, (await page.screenshot({ clip })).toString('base64'));
      }
      expect(new Set(pictures.values()).size, 'no two standings look alike').toBe(pictures.size);
      await close();
    }
  });

  it('progress shows how far it is, and a tooltip and a message their words', async () => {
    const { page, close } = await open(browser, { route: 'subnet/103', query: 'state=running', forced: true, dark });
    const [done, left] = [page.locator('.part i').first(), page.locator('.part').first()];
    const [from, whole] = [await done.boundingBox(), await left.boundingBox()];
    if (!from || !whole) throw new Error('there is no progress');
    const ahead = { x: from.x + from.width + 2, y: whole.y + 2, width: 4, height: 2 };
    const behind = { x: from.x + 4, y: whole.y + 2, width: 4, height: 2 };
    expect(Math.abs((await inkOf(page, ahead)).mean - (await inkOf(page, behind)).mean), 'done and left differ').toBeGreaterThan(0.2);
    await page.getByRole('gridcell').nth(40).hover();
    expect((await inkOf(page, await wordsIn(page.locator('.tip p').first()))).contrast, 'the tooltip can be read').toBeGreaterThan(4.5);
    await page.locator('[data-cell="40"]').click();
    await page.keyboard.press('c');
    await page.locator('.toast.bubble').waitFor();
    expect((await inkOf(page, await wordsIn(page.locator('.toast')))).contrast, 'what is said can be read').toBeGreaterThan(4.5);
    await close();
  });
});
