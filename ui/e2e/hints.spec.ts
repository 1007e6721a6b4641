// What is said beside a control: where a value is found, why a button is off, and what a bar stands for. None of it needs a mouse.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, settled, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('where a value is found', () => {
  it.each([
    [1_200, 780, 100],
    [860, 700, 100],
    [720, 560, 100],
    [1_200, 780, 200],
  ])('is shown with its field in %i × %i px with text at %i %', async (width, height, text) => {
    const window = await open(browser, { route: 'setup', query: 'state=first-run', width, height, text });
    const { page } = window;
    await page.getByRole('button', { name: 'Fill in by hand' }).click();
    const where = page.getByRole('complementary', { name: 'Where to find it' });
    for (const [name, words] of [
      ['api_url', 'https://ipam.example.net'],
      ['client_name', 'App id'],
      ['scanagent_code', 'Scan agents'],
    ] as const) {
      await page.locator(`[name=${name}]`).focus();
      await where.getByText(words).first().waitFor();
      await settled(page);
      const [box, field] = [await where.boundingBox(), await page.locator(`[name=${name}]`).boundingBox()];
      if (!box || !field) throw new Error(`there is no picture for ${name}`);
      expect(box.y, `the picture for ${name} is in view`).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height, `all of the picture for ${name} is in view`).toBeLessThanOrEqual(height);
      const apart = field.y + field.height <= box.y || field.y >= box.y + box.height || field.x + field.width <= box.x;
      expect(apart, `the picture does not lie over ${name}`).toBe(true);
    }
    if (text === 100) await holds(window);
    expect(window.errors).toEqual([]);
    await window.close();
  });
});

describe('why a button is off', () => {
  it('is said to the keyboard and to screen readers', async () => {
    const window = await open(browser, { route: 'subnet/101/10.20.0.118', query: 'state=offline' });
    const { page } = window;
    const button = page.getByRole('button', { name: 'Add in phpIPAM' });
    await button.waitFor();
    const why = button.locator('.why');
    expect(await why.isVisible(), 'nothing is in the way as long as nobody asks').toBe(false);
    await tabTo(page, /^Add in phpIPAM/);
    await expect.poll(() => why.isVisible()).toBe(true);
    expect(await why.textContent()).toBe('Needs phpIPAM');
    expect(await button.evaluate((of) => document.getElementById(of.getAttribute('aria-describedby') ?? '')?.textContent)).toBe('Needs phpIPAM');
    const box = await why.boundingBox();
    expect(box !== null && box.x >= 0 && box.x + box.width <= 1_200, 'it is in the window').toBe(true);
    await holds(window);
    await page.keyboard.press('Tab');
    await expect.poll(() => why.isVisible()).toBe(false);
    await window.close();
  });
});

describe('hosts over time', () => {
  it('are read day by day with the keyboard', async () => {
    const window = await open(browser, { route: 'subnet/101' });
    const { page } = window;
    const days = page.getByRole('slider', { name: 'Hosts up, last 30 days' });
    await days.waitFor();
    await tabTo(page, 'Hosts up, last 30 days');
    const told = () => days.locator('.tip').textContent();
    expect(await told(), 'it begins today').toBe('Thursday 12 March: 60 hosts up');
    await page.keyboard.press('ArrowLeft');
    expect(await told()).toMatch(/^Wednesday 11 March: /);
    expect(await days.getAttribute('aria-valuetext'), 'and is announced').toBe(await told());
    await page.keyboard.press('Home');
    expect(await told()).toMatch(/^Wednesday 11 February: /);
    await page.keyboard.press('ArrowLeft');
    expect(await told(), 'it ends there').toMatch(/^Wednesday 11 February: /);
    await page.keyboard.press('PageDown');
    expect(await told()).toMatch(/^Wednesday 18 February: /);
    await holds(window);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent), 'it is one tab stop').toContain('Export');
    await window.close();
  });

  it('have a scale, and a day for the pointer too', async () => {
    for (const [language, first, last] of [['en', '11 Feb', 'today'], ['de', '11. Feb.', 'heute']] as const) {
      const { page, close } = await open(browser, { route: 'subnet/101', language });
      const days = page.getByRole('slider');
      await days.waitFor();
      expect(await days.locator('.most').textContent()).toBe('62');
      expect(await days.locator('.ends span').allTextContents()).toEqual([first, last]);
      const heights = await days.evaluate((of) => [of.getBoundingClientRect().height, of.closest('header')?.querySelector('.name')?.getBoundingClientRect().height ?? 0]);
      expect(heights[0], 'it makes the head no higher').toBeLessThanOrEqual(heights[1] ?? 0);
      await days.locator('[data-day="29"]').hover();
      expect(await days.locator('.tip').textContent()).toMatch(/12\.? M/);
      await close();
    }
  });
});
