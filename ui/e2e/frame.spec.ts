// The frame: every page opens by its route, in light and dark, from the narrowest to the widest window.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const ROUTES = ['overview', 'reports', 'history', 'notices', 'settings', 'subnet/101'];

describe('every page', () => {
  for (const route of ROUTES) {
    for (const dark of [false, true]) {
      it(`${route} holds in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { route, dark });
        await holds(window);
        await window.close();
      });
    }
  }

  it.each([720, 860, 1_080, 1_440, 1_600])('fits into %i px', async (width) => {
    for (const route of ROUTES) {
      const window = await open(browser, { route, width, height: 560 });
      const wider = await window.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wider, `${route} is not wider than the window`).toBeLessThanOrEqual(0);
      await expect.poll(() => window.page.getByRole('button', { name: 'Scan now' }).isVisible(), { message: 'Scan now is always in view' }).toBe(true);
      await window.close();
    }
  });
});

describe('the keyboard', () => {
  it('goes from page to page', async () => {
    const { page, close } = await open(browser);
    for (const [key, route] of [
      ['Control+2', '#/reports'],
      ['Control+3', '#/history'],
      ['Control+4', '#/subnet/101'],
      ['Control+,', '#/settings'],
      ['Control+1', '#/overview'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => page.evaluate(() => location.hash), { message: `${key} shows ${route}` }).toBe(route);
    }
    await close();
  });

  it('begins a new page at its top', async () => {
    const { page, close } = await open(browser, { query: 'site=many', height: 560 });
    const top = () => page.evaluate(() => document.querySelector('main')?.scrollTop);
    await page.locator('main').evaluate((main) => main.scrollTo({ top: 600 }));
    expect(await top()).toBe(600);
    // As narrow as a subnet's page has to be scrolled itself.
    await page.setViewportSize({ width: 900, height: 560 });
    await page.keyboard.press('Control+4');
    await page.getByRole('searchbox').waitFor();
    expect(await top()).toBe(0);
    await close();
  });

  it('starts and stops a scan', async () => {
    const { page, close } = await open(browser, { frozen: false });
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Stop' }).first().waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Scan now' }).waitFor();
    await close();
  });
});
