// The history: every state holds; runs are walked, unfolded and compared by keyboard.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('every state holds', () => {
  for (const query of ['', 'state=error', 'state=loading', 'state=never-scanned', 'state=hostile', 'state=running']) {
    for (const dark of [false, true]) {
      it(`${query || 'as it is'} in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { route: 'history', query, dark });
        if (query === 'state=loading') await window.page.getByText('Loading').last().waitFor();
        else if (query === 'state=never-scanned') await window.page.getByText('No run yet').waitFor();
        else if (query !== 'state=error') await window.page.getByText('By subnet').waitFor();
        await holds(window);
        await window.close();
      });
    }
  }

  it.each([720, 860, 1_080, 1_600])('in %i px', async (width) => {
    const window = await open(browser, { route: 'history/410', width, height: 700 });
    await window.page.getByText('By subnet').waitFor();
    await holds(window);
    await window.close();
  });
});

describe('by keyboard', () => {
  it('one walks the runs, unfolds some, and opens one', async () => {
    const { page, close } = await open(browser, { route: 'history' });
    await page.getByRole('list', { name: 'Runs' }).waitFor();
    await tabTo(page, /413 hosts up/);
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('nothing changed');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('a[href="#/history/411"]').count()).toBe(1);
    await page.locator('a[href="#/history/411"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/history/410');
    await page.getByText('What changed since').waitFor();
    await page.getByText('New', { exact: true }).first().waitFor();
    await close();
  });

  it('one goes to a run and back in a narrow window', async () => {
    const { page, close } = await open(browser, { route: 'history', width: 720 });
    const fold = page.getByRole('button', { name: /nothing changed/ }).first();
    await fold.focus();
    await page.keyboard.press('Enter');
    await page.locator('a[data-run="411"]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('h2:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('a[data-run="411"]:focus').waitFor();
    await close();
  });

  it('one compares any two', async () => {
    const { page, close } = await open(browser, { route: 'history/410' });
    await page.getByLabel('Compare with').selectOption('406');
    await page.getByText('Compared with 11:00').waitFor();
    await page.getByText('other MAC').waitFor();
    await close();
  });
});

it('shows only runs with problems, and why', async () => {
  const { page, close } = await open(browser, { route: 'history' });
  await page.getByRole('button', { name: 'With problems' }).click();
  await page.getByRole('link', { name: /could not be scanned/ }).first().click();
  await page.getByText('This computer has no route to Warehouse.').waitFor();
  await close();
});
