// The overview in every state: no error, no violation, nothing fetched; hostile words are only words.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const STATES = ['right', 'running', 'offline', 'stale', 'empty', 'attention', 'paused', 'never-scanned', 'hostile', 'error', 'loading'];

describe('the overview', () => {
  for (const state of STATES) {
    for (const dark of [false, true]) {
      it(`holds when ${state}, in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { query: `state=${state}`, dark });
        if (state === 'loading') await window.page.locator('.skeleton.late').first().waitFor();
        await holds(window);
        await window.close();
      });
    }
  }

  it.each(['en', 'de'] as const)('has its words in %s', async (language) => {
    const window = await open(browser, { query: 'state=offline', language });
    expect(await window.page.locator('html').getAttribute('lang')).toBe(language);
    expect((await window.page.locator('h1').textContent())?.trim()).toBe(language === 'de' ? '410 von 412 bekannten Hosts sind da. phpIPAM erfährt es nicht.' : '410 of 412 known hosts are up. phpIPAM is not being told.');
    await holds(window);
    await window.close();
  });

  it('shows a scan as it goes, and its end', async () => {
    const { page, errors, close } = await open(browser, { query: 'speed=8', frozen: false });
    await page.getByRole('button', { name: 'Scan now' }).click();
    const bar = page.getByRole('region', { name: 'Progress of the scan' }).getByRole('progressbar');
    await bar.waitFor();
    const first = Number(await bar.getAttribute('aria-valuenow'));
    await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow').catch(() => '100')), { timeout: 20_000, message: 'the progress grows' }).toBeGreaterThan(first);
    await bar.waitFor({ state: 'detached' });
    await page.getByText('Nothing is open').waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it('says why a command was refused, until that is dismissed', async () => {
    const window = await open(browser, { route: 'settings/import' });
    const { page } = window;
    await page.getByRole('button', { name: /Import scan_agent/ }).click();
    await page.getByLabel('Text of scan_agent.yaml').fill('of something else');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Nothing in this text is a setting of a scan agent.').waitFor();
    await holds(window);
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await alert.waitFor({ state: 'detached' });
    await window.close();
  });

  it('asks phpIPAM again while it is offline, and goes on saying that it is', async () => {
    const { page, errors, close } = await open(browser, { query: 'state=offline' });
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await page.locator('b').filter({ hasText: 'phpIPAM unreachable' }).waitFor();
    expect(await page.getByRole('alert').count(), 'the agent refuses nothing: what comes of it is a problem').toBe(0);
    expect(errors).toEqual([]);
    await close();
  });

  it('shows hostile words as words', async () => {
    for (const width of [720, 1_200]) {
      const window = await open(browser, { query: 'state=hostile', width });
      const { page } = window;
      await page.locator('article h3').filter({ hasText: '<script>document.title="owned"</script>' }).waitFor();
      expect(await page.title(), 'nothing of it ran').toBe('Fieldscan');
      expect(await page.locator('main img, main script').count(), 'and nothing of it became an element').toBe(0);
      const boxes = await page.locator('.card').evaluateAll((cards) => cards.map((card) => card.scrollWidth - card.clientWidth));
      expect(Math.max(...boxes), 'no card is broken by it').toBeLessThanOrEqual(0);
      await holds(window);
      await window.close();
    }
  });

  it('opens with 65,536 addresses in a subnet, and stays at hand while it is scanned', async () => {
    const { page, errors, close } = await open(browser, { query: 'site=large&speed=4', frozen: false, height: 1_000 });
    await page.getByRole('img', { name: /Map of 10\.40\.0\.0\/16/ }).waitFor();
    await page.evaluate(() => {
      const watched = window as unknown as { longest: number };
      watched.longest = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) watched.longest = Math.max(watched.longest, entry.duration);
      }).observe({ type: 'longtask' });
    });
    await page.getByRole('button', { name: 'Scan now' }).click();
    await page.getByRole('region', { name: 'Progress of the scan' }).waitFor();
    await page.getByRole('link', { name: 'Reports', exact: true }).click();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.getByRole('region', { name: 'Progress of the scan' }).waitFor();
    console.log(`the longest task took ${Math.round(await page.evaluate(() => (window as unknown as { longest: number }).longest))} ms`);
    expect(errors).toEqual([]);
    await close();
  });

  it('holds with text at 200 %', async () => {
    const window = await open(browser, { query: 'state=attention', width: 1_200 });
    await window.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    const wider = await window.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wider).toBeLessThanOrEqual(0);
    await window.close();
  });
});
