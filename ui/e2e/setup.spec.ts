// The first set-up: every stage holds, and all of it can be done with the keyboard alone.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, tabTo } from './harness';
import { YAML } from './samples';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const FRESH = { query: 'state=first-run&speed=20', frozen: false };

async function paste(page: Page): Promise<void> {
  await page.evaluate((text) => navigator.clipboard.writeText(text), YAML);
  await page.getByLabel('Text of scan_agent.yaml').focus();
  await page.keyboard.press('Control+V');
  await page.getByText('hidden, goes to the keychain').first().waitFor();
}

describe('the first set-up', () => {
  it('comes up by itself, and can be put off', async () => {
    const { page, close } = await open(browser, FRESH);
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/setup');
    await page.getByRole('button', { name: 'Later' }).click();
    await page.getByRole('heading', { level: 1, name: 'Fieldscan is not set up yet.' }).waitFor();
    await page.getByRole('link', { name: 'Set up' }).click();
    await page.getByRole('heading', { level: 1, name: 'Paste your agent settings' }).waitFor();
    await close();
  });

  for (const dark of [false, true]) {
    it(`holds at every stage, in ${dark ? 'dark' : 'light'}`, async () => {
      const window = await open(browser, { ...FRESH, route: 'setup', dark });
      const { page } = window;
      await page.getByLabel('Text of scan_agent.yaml').waitFor();
      await holds(window);
      await paste(page);
      await holds(window);
      await page.getByRole('button', { name: 'Fill in by hand' }).click();
      await page.getByRole('button', { name: 'Continue to the test' }).click();
      await page.getByText('This is needed.').first().waitFor();
      await holds(window);
      await page.getByRole('button', { name: 'Paste or import' }).click();
      await paste(page);
      await page.getByRole('button', { name: 'Continue to the test' }).click();
      await page.getByRole('status').getByText(/nmap_arguments is not known here/).waitFor();
      await holds(window);
      await page.getByRole('button', { name: 'Continue to the test' }).click();
      await page.getByRole('heading', { name: 'Every step passed.' }).waitFor();
      await holds(window);
      await page.getByRole('button', { name: 'Continue', exact: true }).click();
      await page.getByRole('cell', { name: 'Warehouse' }).waitFor();
      await holds(window);
      await window.close();
    });
  }

  it('is done with the keyboard alone, by pasting', async () => {
    const { page, errors, close } = await open(browser, FRESH);
    await page.evaluate((text) => navigator.clipboard.writeText(text), YAML);
    await page.getByLabel('Text of scan_agent.yaml').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName), { message: 'the text field has the focus' }).toBe('TEXTAREA');
    await page.keyboard.press('Control+V');
    await tabTo(page, 'Continue to the test');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText(/nmap_arguments is not known here/).waitFor();
    expect(await page.evaluate(() => document.body.innerHTML.includes('s3cret')), 'no token is left in the page').toBe(false);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Every step passed.' }).waitFor();
    await tabTo(page, 'Continue');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: 'Warehouse' }).waitFor();
    await tabTo(page, 'Scan now');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Progress of the scan' }).waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it('is done with the keyboard alone, by typing', async () => {
    const { page, errors, close } = await open(browser, FRESH);
    await page.getByLabel('Text of scan_agent.yaml').waitFor();
    await tabTo(page, 'Fill in by hand');
    await page.keyboard.press('Enter');
    await page.getByLabel('phpIPAM’s URL').waitFor();
    await expect.poll(() => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name)).toBe('api_url');
    // One field after the other, as somebody does who has phpIPAM's page open.
    for (const value of ['https://ipam.example.net', 'fieldscan', 's3cret', 'kx72-depot-01']) {
      await page.keyboard.type(value);
      await page.keyboard.press('Tab');
      const showButton = await page.evaluate(() => document.activeElement?.textContent?.trim() === 'Show');
      if (showButton) await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Every step passed.' }).waitFor();
    expect(await page.evaluate(() => document.body.innerHTML.includes('s3cret')), 'no token is left in the page').toBe(false);
    expect(errors).toEqual([]);
    await close();
  });

  it('takes a file that is dropped, and refuses what is none', async () => {
    const { page, close } = await open(browser, { ...FRESH, route: 'setup' });
    const chooser = page.locator('input[type=file]');
    await chooser.setInputFiles({ name: 'scan_agent.yaml', mimeType: 'text/yaml', buffer: Buffer.from([0xff, 0xfe, 0x00, 0xd8]) });
    await page.getByRole('alert').getByText('can’t be read as text').waitFor();
    await chooser.setInputFiles({ name: 'scan_agent.yaml', mimeType: 'text/yaml', buffer: Buffer.from(YAML) });
    await page.getByText('ipam.example.net as fieldscan').waitFor();
    expect(await page.evaluate(() => document.body.innerHTML.includes('s3cret')), 'its tokens are not shown').toBe(false);
    await close();
  });

  it.each([
    [1_200, 600],
    [720, 560],
  ])('keeps its buttons in view in %i × %i px, below what has the focus', async (width, height) => {
    const { page, close } = await open(browser, { ...FRESH, route: 'setup', width, height });
    await page.getByRole('button', { name: 'Fill in by hand' }).click();
    const fields = page.locator('form input');
    await page.getByLabel('phpIPAM’s URL').waitFor();
    const all = await fields.count();
    expect(all).toBeGreaterThan(5);
    for (let index = 0; index < all; index += 1) {
      await fields.nth(index).focus();
      const [field, buttons] = [await fields.nth(index).boundingBox(), await page.locator('footer').boundingBox()];
      if (!field || !buttons) throw new Error('there is a field without buttons below');
      expect(buttons.y + buttons.height, 'the buttons are at the lower edge').toBeCloseTo(height, 0);
      expect(field.y + field.height + 4, `field ${index} and its ring are above the buttons`).toBeLessThanOrEqual(buttons.y);
    }
    await close();
  });

  it('fits into a narrow window', async () => {
    const window = await open(browser, { ...FRESH, route: 'setup', width: 720, height: 560 });
    await window.page.getByLabel('Text of scan_agent.yaml').waitFor();
    await holds(window);
    await window.page.getByRole('button', { name: 'Fill in by hand' }).click();
    await window.page.getByLabel('phpIPAM’s URL').waitFor();
    await holds(window);
    await window.close();
  });
});
