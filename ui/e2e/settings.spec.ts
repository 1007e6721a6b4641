// The settings: every state holds, and everything is done by keyboard.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe('every state holds', () => {
  for (const query of ['', 'state=attention', 'state=error', 'state=loading', 'state=offline', 'state=hostile']) {
    for (const dark of [false, true]) {
      it(`${query || 'as it is'} in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { route: 'settings', query, dark });
        if (query === 'state=loading') await window.page.locator('.skeleton.late').first().waitFor();
        else if (query !== 'state=error') await window.page.getByRole('textbox', { name: 'Port' }).waitFor();
        await holds(window);
        await window.close();
      });
    }
  }

  it.each([720, 860, 1_080, 1_440, 1_600])('in %i px, with a change and a mistake', async (width) => {
    const window = await open(browser, { route: 'settings/server', width, height: 700 });
    await window.page.getByRole('textbox', { name: 'Port' }).fill('84340');
    await window.page.getByText('Expected: a port from 1 to 65535.').waitFor();
    await holds(window);
    await window.close();
  });

  it('with text at 200 %', async () => {
    const window = await open(browser, { route: 'settings' });
    await window.page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    await window.page.getByRole('textbox', { name: 'Port' }).waitFor();
    await holds(window);
    await window.close();
  });
});

describe('a row keeps its own shape', () => {
  it('of networks: each has room in its field', async () => {
    const { page, close } = await open(browser, { route: 'settings/scanning' });
    const input = page.getByRole('textbox', { name: 'Public networks' });
    await input.fill('203.0.113.0/24');
    await page.keyboard.press('Enter');
    const [field, chip] = [await page.locator('.chips', { has: input }).boundingBox(), await page.locator('.chip').first().boundingBox()];
    if (!field || !chip) throw new Error('the network is not shown');
    expect(chip.y - field.y).toBeGreaterThanOrEqual(4);
    await close();
  });

  it('of a token: what saves it and what cancels it stand beside its field', async () => {
    const { page, close } = await open(browser, { route: 'settings' });
    await page.getByRole('button', { name: 'API token: Replace…' }).click();
    const tops = await Promise.all([page.getByLabel('New API token'), page.getByRole('button', { name: 'Save' }), page.getByRole('button', { name: 'Cancel' })].map(async (one) => (await one.boundingBox())?.y));
    expect(new Set(tops).size, `they begin at ${tops.join(', ')}`).toBe(1);
    await close();
  });
});

describe('by keyboard', () => {
  it('one replaces a token', async () => {
    const window = await open(browser, { route: 'settings' });
    const { page } = window;
    await page.getByRole('textbox', { name: 'Port' }).waitFor();
    await tabTo(page, /^API token:\sReplace…$/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('password');
    await page.keyboard.type('new-token');
    await page.keyboard.press('Enter');
    await page.getByText('API token: stored in the keychain.').waitFor();
    expect(await page.content(), 'the token is nowhere in the page').not.toContain('new-token');
    expect(window.errors).toEqual([]);
    await window.close();
  });

  it('one changes a value, sees what would change, and applies it', async () => {
    const { page, close } = await open(browser, { route: 'settings' });
    await page.getByRole('textbox', { name: 'Port' }).waitFor();
    await tabTo(page, 'Port');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('8434');
    await tabTo(page, 'What would change');
    await page.keyboard.press('Enter');
    await page.getByText('8443 → 8434').waitFor();
    await tabTo(page, 'Apply');
    await page.keyboard.press('Enter');
    await page.getByText('Applied.').waitFor();
    expect(await page.getByRole('textbox', { name: 'Port' }).inputValue()).toBe('8434');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id), { message: 'the keyboard goes on where it was' }).toBe('setting-http_port');
    await close();
  });

  it('one takes over a text, and goes on from there', async () => {
    const { page, close } = await open(browser, { route: 'settings/import' });
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.id);
    await page.getByRole('button', { name: /Import scan_agent/ }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('import-text');
    await page.keyboard.type('http_port: 9000');
    await tabTo(page, 'Import');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('1 setting taken over').waitFor();
    await expect.poll(focused).toBe('Import scan_agent.yaml…');
    await close();
  });

  it('one removes a token, and can set another', async () => {
    const { page, close } = await open(browser, { route: 'settings' });
    await page.getByRole('button', { name: 'API token: Remove' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('API token: removed.').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent?.replace(/\s+/g, ' ').trim())).toBe('API token: Set…');
    await close();
  });

  it('one keeps what was typed while looking elsewhere', async () => {
    const { page, close } = await open(browser, { route: 'settings' });
    await page.getByRole('textbox', { name: 'Port' }).fill('8434');
    await page.keyboard.press('Control+1');
    await page.getByRole('textbox', { name: 'Port' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+,');
    await page.getByText('1 change').first().waitFor();
    expect(await page.getByRole('textbox', { name: 'Port' }).inputValue()).toBe('8434');
    await close();
  });

  it('one plans scans on working days, and sees the next five', async () => {
    const { page, close } = await open(browser, { route: 'settings/schedule' });
    await page.getByLabel('from', { exact: true }).selectOption('6');
    for (const day of ['Saturday', 'Sunday']) {
      await page.getByRole('button', { name: day }).focus();
      await page.keyboard.press('Space');
    }
    await page.getByText('Next five scans, once applied').waitFor();
    await page.getByRole('button', { name: 'What would change' }).click();
    await page.getByText('every 30 min, all day, every day → every 30 min from 06:00 to midnight, Mo–Fr').waitFor();
    await page.getByText('today, 15:00').waitFor();
    await close();
  });
});

it('tests everything, and leads to what failed', async () => {
  const window = await open(browser, { route: 'settings', query: 'state=attention&speed=20' });
  const { page } = window;
  await page.getByRole('button', { name: 'Test everything' }).click();
  await page.getByText('The scan server doesn’t take the token.').waitFor();
  await page.getByRole('button', { name: 'Go to Scan server' }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('section-server');
  await holds(window);
  await window.close();
});

describe('what is known of newer versions', () => {
  it.each([
    ['update', 'Version 0.2.0 is available.'],
    ['update,right', 'No newer version, looked 3 h ago.'],
    ['update,offline', 'Newer versions could not be looked for: The server can’t be reached: operation timed out'],
    ['update,hostile', 'Version 0.2.0 is available.'],
  ])('stands at Startup with state=%s', async (state, words) => {
    const window = await open(browser, { route: 'settings/startup', query: `state=${state}`, width: 720 });
    await window.page.getByRole('region', { name: 'Startup' }).getByText(words, { exact: true }).waitFor();
    await holds(window);
    expect(await window.page.title(), 'whatever the notes hold').toBe('Fieldscan');
    await window.close();
  });
});

it('takes over a scan_agent.yaml and says what it took', async () => {
  const { page, close } = await open(browser, { route: 'settings/import' });
  await page.getByRole('button', { name: /Import scan_agent/ }).click();
  await page.getByLabel('Text of scan_agent.yaml').fill('http_port: 9000\nclient_token: very-secret\nunheard_of: 1\n');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('1 setting taken over').waitFor();
  await page.getByText('API token: stored in the keychain').waitFor();
  await page.getByText(/unheard_of/).first().waitFor();
  expect(await page.content()).not.toContain('very-secret');
  expect(await page.getByRole('textbox', { name: 'Port' }).inputValue()).toBe('9000');
  await close();
});

it('follows the log from a level on', async () => {
  const { page, close } = await open(browser, { route: 'settings/logs' });
  const log = page.getByRole('region', { name: 'Log', exact: true });
  await log.getByText('Info').first().waitFor();
  await page.getByRole('radio', { name: 'Errors' }).click();
  await expect.poll(() => log.getByText('Info', { exact: true }).count()).toBe(0);
  await log.getByText('Error', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Export diagnostics…' }).click();
  await page.getByText(/Exported to/).waitFor();
  await close();
});
