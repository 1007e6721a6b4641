// The reports and the notices in every state, with the mouse and without.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('the reports', () => {
  for (const [route, query] of [
    ['reports', 'state=offline'],
    ['reports/797', 'state=offline'],
    ['reports/796', 'state=attention'],
    ['reports/807', ''],
    ['reports/812', 'state=offline,hostile'],
    ['reports', 'state=empty'],
    ['reports', 'state=error'],
    ['reports/99999', ''],
    ['notices', 'state=hostile'],
    ['notices', 'state=empty'],
    ['notices', 'state=error'],
  ] as const) {
    for (const dark of [false, true]) {
      it(`${route} holds with ${query || 'nothing special'}, in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { route, query, dark });
        await window.page.waitForLoadState('networkidle');
        await holds(window);
        await window.close();
      });
    }
  }

  it('count down to the next try', async () => {
    const { page, close } = await open(browser, { route: 'reports/812', query: 'state=offline', frozen: false });
    const countdown = page.getByRole('complementary').getByText(/^Next try in/);
    const first = await countdown.textContent();
    await expect.poll(() => countdown.textContent(), { timeout: 10_000, message: 'the seconds go by' }).not.toBe(first);
    await close();
  });

  it('are walked, opened, sent again and left with the keyboard alone', async () => {
    const { page, errors, close } = await open(browser, { route: 'reports', query: 'state=attention' });
    await page.locator('a[data-report]').first().waitFor();
    await tabTo(page, /62 hosts/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/reports/797');
    const detail = page.getByRole('complementary', { name: 'Details' });
    await detail.getByText('The server said').waitFor();
    await tabTo(page, 'Send again');
    await page.keyboard.press('Enter');
    await detail.getByRole('heading', { name: /^Queued/ }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/reports');
    expect(errors).toEqual([]);
    await close();
  });

  it('show in a narrow window one thing at a time', async () => {
    const { page, close } = await open(browser, { route: 'reports/797', query: 'state=attention', width: 720 });
    expect(await page.locator('a[data-report]').first().isVisible()).toBe(false);
    await page.getByRole('button', { name: 'All reports' }).click();
    await page.locator('a[data-report]').first().waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-report')), { message: 'the keyboard is on the row again' }).toBe('797');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName), { message: 'and comes along to the report' }).toBe('H2');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-report'))).toBe('797');
    await close();
  });

  it('copy the JSON', async () => {
    const { page, close } = await open(browser, { route: 'reports/807' });
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { scan: { subnet: string } };
    expect(copied.scan.subnet).toBe('10.20.4.0/22');
    await close();
  });
});

describe('a notice', () => {
  it('leads to what it is about', async () => {
    const { page, close } = await open(browser, { route: 'notices' });
    await page.getByRole('link', { name: 'New unknown host' }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/subnet/101/10.20.0.131');
    await close();
  });
});
