// The narrow rail: the way from subnet to subnet, by keyboard and by mouse.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, settled, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('the narrow rail', () => {
  it('leads from subnet to subnet by keyboard', async () => {
    const window = await open(browser, { route: 'subnet/101', query: 'site=many', width: 900 });
    const { page } = window;
    await page.getByRole('searchbox').waitFor();
    const panel = page.getByRole('group', { name: 'Subnets' });
    await tabTo(page, 'Subnets');
    await page.keyboard.press('Enter');
    await panel.waitFor();
    expect(await panel.getByRole('link').count(), 'all subnets are there').toBe(28);
    await holds(window);
    await page.keyboard.press('Escape');
    await expect.poll(() => panel.isVisible()).toBe(false);
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
    expect(await focused(), 'the focus is back on the button').toBe('Subnets');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toMatch(/Depot – office/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    expect(await focused(), 'arrows and Tab both move on').toMatch(/Warehouse/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/subnet/103');
    await expect.poll(() => panel.isVisible(), { message: 'who has chosen sees the subnet' }).toBe(false);
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    await window.close();
  });

  it.each([
    [900, 780, 100],
    [720, 560, 100],
    [1_200, 780, 200],
  ])('shows all of its panel in %i × %i px with text at %i %', async (width, height, text) => {
    const { page, close } = await open(browser, { query: 'site=many', width, height, text });
    await page.getByRole('button', { name: 'Subnets' }).click();
    await page.getByRole('group', { name: 'Subnets' }).waitFor();
    await settled(page);
    const box = await page.getByRole('group', { name: 'Subnets' }).boundingBox();
    if (!box) throw new Error('there is no panel');
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height, 'it ends in the window').toBeLessThanOrEqual(height);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    const last = page.getByRole('group', { name: 'Subnets' }).getByRole('link').last();
    await last.scrollIntoViewIfNeeded();
    await last.click();
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/subnet/);
    await close();
  });

  it('has no such button where the list is in view', async () => {
    const { page, close } = await open(browser, { query: 'site=many' });
    await page.getByRole('link', { name: /Depot – office/ }).first().waitFor();
    expect(await page.getByRole('button', { name: 'Subnets' }).count()).toBe(0);
    await close();
  });
});
