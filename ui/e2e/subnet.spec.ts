// A subnet: the map and the table by keyboard, in every state and size.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, settled, tabTo } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const LOOKS: readonly (readonly [string, string])[] = [
  ['subnet/101/10.20.0.73', ''],
  ['subnet/103', 'state=running'],
  ['subnet/101/10.20.0.118', 'state=offline'],
  ['subnet/102', 'state=stale'],
  ['subnet/101', 'state=never-scanned'],
  ['subnet/101', 'state=error'],
  ['subnet/101', 'state=loading'],
  ['subnet/101', 'state=empty'],
  ['subnet/101/10.20.0.12', 'state=hostile'],
  ['subnet/105/fd00:20::21', ''],
  ['subnet/104', 'site=large'],
  ['subnet/104/10.40.200.9', 'site=large&state=arriving'],
];

describe('every state holds', () => {
  for (const [route, query] of LOOKS) {
    for (const dark of [false, true]) {
      it(`${route} ${query || 'as it is'} in ${dark ? 'dark' : 'light'}`, async () => {
        const window = await open(browser, { route, query, dark });
        if (query === 'state=loading') await window.page.locator('.skeleton.late').first().waitFor();
        else if (!/empty|error/.test(query)) await window.page.getByRole('searchbox').waitFor();
        await holds(window);
        await window.close();
      });
    }
  }

  it.each([720, 860, 1_080, 1_100, 1_200, 1_440, 1_600])('in %i px', async (width) => {
    const window = await open(browser, { route: 'subnet/101/10.20.0.44', width, height: 560 });
    await window.page.getByRole('searchbox').waitFor();
    await settled(window.page);
    const hidden = await window.page.locator('[role=grid].box').evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(hidden, 'all of the usual columns are in view').toBeLessThanOrEqual(0);
    await holds(window);
    await window.close();
  });

  it('with text at 200 %', async () => {
    const window = await open(browser, { route: 'subnet/101', text: 200 });
    await window.page.getByRole('searchbox').waitFor();
    await settled(window.page);
    const [map, list] = await Promise.all(['[role=grid]', '[role=grid].box'].map((part) => window.page.locator(part).first().boundingBox()));
    expect(map && list ? list.y - map.y - map.height : -Infinity, 'the list lies below the map').toBeGreaterThanOrEqual(0);
    await holds(window);
    await window.close();
  });
});

describe.each(['en', 'de'] as const)('the table in a window of the usual size (%s)', (language) => {
  it('has room for its columns, their heads and the names', async () => {
    const window = await open(browser, { route: 'subnet/101', language });
    const { page } = window;
    await page.getByRole('searchbox').waitFor();
    const hidden = await page.locator('[role=grid].box').evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(hidden, 'all of the usual columns are in view').toBeLessThanOrEqual(0);
    const cut = (what: string) => page.locator(what).evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent));
    expect(await cut('.titles .clip, .titles .column'), 'no head is cut').toEqual([]);
    expect(await cut('[data-ip] .cell:nth-child(3) .text:first-child'), 'no name of usual length is cut').toEqual([]);
    expect(await page.locator('[data-ip="10.20.0.73"]').textContent(), 'what is new comes before what may be cut').toMatch(language === 'en' ? /new MAC, Raspberry/ : /neue MAC, Raspberry/);
    await window.close();
  });

  it('names every filter, and the legend every mark of the map', async () => {
    for (const query of ['', 'state=never-scanned']) {
      const { page, close } = await open(browser, { route: 'subnet/101', query, language });
      await page.getByRole('searchbox').waitFor();
      await settled(page);
      const chips = await page.locator('.chips button').evaluateAll((all) => all.map((chip) => ({ text: chip.textContent?.replace(/\s+/g, ' ').trim(), wide: (chip.textContent?.length ?? 0) < 3 || chip.getBoundingClientRect().width > 48, cut: chip.scrollWidth > chip.clientWidth })));
      for (const { text, wide, cut } of chips) expect(wide && !cut, `${text} shows its word`).toBe(true);
      const words = language === 'en' ? ['Excluded', 'Not scanned'] : ['Ausgenommen', 'Nicht gescannt'];
      const legend = await page.locator('.legend li').allTextContents();
      expect(legend).toContain(words[0]);
      expect(legend.includes(words[1] ?? ''), 'what does not occur is not explained').toBe(query !== '');
      const marks = await page.locator('.legend li svg').evaluateAll((all) => all.map((mark) => mark.innerHTML));
      expect(new Set(marks).size, 'no two marks are alike').toBe(marks.length);
      await close();
    }
  });
});

it('shows what is hostile as text', async () => {
  const window = await open(browser, { route: 'subnet/101/10.20.0.12', query: 'state=hostile' });
  const { page } = window;
  const detail = page.getByRole('region', { name: 'Selected address' });
  await detail.getByText('<img src=x onerror=').waitFor();
  expect(await page.title()).toBe('Fieldscan');
  expect(await page.locator('img, script:not([src])').count()).toBe(0);
  const box = await detail.boundingBox();
  expect(box?.width, 'a field of 10,000 characters does not widen its place').toBeLessThan(500);
  await holds(window);
  await window.close();
});

it('shows the map, the counts and the first rows of a large subnet while the rest is on its way', async () => {
  const window = await open(browser, { route: 'subnet/104', query: 'site=large&state=arriving' });
  const { page } = window;
  // Not in full yet: it stands far down in the list.
  await page.getByRole('gridcell', { name: /^10\.40\.200\.0\/24,/ }).waitFor();
  await page.getByRole('row', { name: /10\.40\.3\.9/ }).waitFor();
  expect(await page.getByRole('grid', { name: 'Hosts' }).getAttribute('aria-rowcount')).toMatch(/^655\d\d$/);
  await page.getByRole('searchbox').fill('nobody has this name');
  await page.locator('.none').getByText('Loading').waitFor();
  expect(await page.getByRole('button', { name: 'Copy list' }).getAttribute('aria-disabled'), 'half a list is not copied').toBe('true');
  expect(window.errors).toEqual([]);
  await window.close();
});

it('does not move the list under whoever reads it when the agent tells it anew', async () => {
  const window = await open(browser, { route: 'subnet/104', query: 'site=large' });
  const { page } = window;
  await page.getByRole('row', { name: /10\.40\.3\.9/ }).click();
  const list = page.locator('[role=grid].box');
  const row = page.locator('[data-ip]').nth(12);
  const first = await row.getAttribute('data-ip');
  await list.evaluate((box) => box.scrollTo({ top: 20_000 }));
  await expect.poll(() => row.getAttribute('data-ip')).not.toBe(first);
  const before = await row.getAttribute('data-ip');
  const age = page.getByText(/phpIPAM data/).first();
  const told = await age.textContent();
  await page.keyboard.press('F5');
  await expect.poll(() => age.textContent(), { message: 'phpIPAM was asked anew' }).not.toBe(told);
  await page.waitForTimeout(600);
  expect([await list.evaluate((box) => box.scrollTop), await row.getAttribute('data-ip')]).toEqual([20_000, before]);
  // Another order begins at its top, or at what is selected.
  await page.getByRole('columnheader', { name: /MAC/ }).getByRole('button').click();
  await expect.poll(() => list.evaluate((box) => box.scrollTop)).toBeLessThan(1_000);
  await window.close();
});

it('shows a network that a link leads into', async () => {
  const window = await open(browser, { route: 'subnet/104/10.40.37.0%2F24', query: 'site=large' });
  const { page } = window;
  await page.getByRole('grid', { name: 'Addresses of 10.40.37.0/24' }).waitFor();
  expect(await page.getByRole('region', { name: 'Selected address' }).count(), 'a network is no address').toBe(0);
  await holds(window);
  await window.close();
});

it('lets the pointer come onto the words of a cell, and on to every other cell of the row', async () => {
  const { page, close } = await open(browser, { route: 'subnet/101' });
  await page.getByRole('searchbox').waitFor();
  const tip = page.locator('.tip');
  const boxOf = async (name: RegExp) => (await page.getByRole('gridcell', { name }).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const cell = await boxOf(/^10\.20\.0\.118,/);
  const [x, y] = [cell.x + cell.width / 2, cell.y + cell.height / 2];
  await page.mouse.move(x, y);
  await tip.getByText('10.20.0.118').waitFor();
  await page.mouse.move(x, y - cell.height, { steps: 24 });
  expect(await tip.textContent(), 'from the cell onto its words').toContain('10.20.0.118');
  expect(await tip.evaluate((element) => element.matches(':hover'))).toBe(true);
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('Escape');
  await expect.poll(() => tip.count(), { message: 'the keyboard is elsewhere' }).toBe(0);
  // The pointer is over another cell now, without having moved.
  await settled(page);
  expect(await tip.count(), 'and none comes by itself').toBe(0);
  await page.mouse.move(x, y);
  for (let step = 1; step <= 3; step += 1) {
    await page.mouse.move(x + step * cell.width, y, { steps: 8 });
    await tip.getByText(`10.20.0.${118 + step}`).waitFor();
  }
  const first = await boxOf(/^10\.20\.0\.1,/);
  await page.mouse.move(first.x + 4, first.y + 4);
  await tip.getByText('10.20.0.1', { exact: true }).waitFor();
  const at = await tip.boundingBox();
  expect(at && at.x >= 0 && at.y >= 0, 'in the window').toBe(true);
  await page.mouse.move(2, 2);
  await expect.poll(() => tip.count()).toBe(0);
  await close();
});

it('lists the networks of a /16 in columns that line up, also before its first scan', async () => {
  for (const query of ['site=large', 'site=large&state=never-scanned']) {
    const window = await open(browser, { route: 'subnet/104', query });
    const { page } = window;
    await page.getByRole('radio', { name: 'Networks' }).click();
    const list = page.getByRole('region', { name: 'Networks' });
    await list.getByRole('button', { name: '10.40.0.0/24' }).waitFor();
    await settled(page);
    const ends = await list.getByRole('table').evaluateAll((all) => all.map((table) => [...table.querySelectorAll('th:first-child, td:first-child + td > span')].map((one) => Math.round(one.getBoundingClientRect().right))));
    const [heads, numbers] = [ends.map((table) => table[0]), ends.flatMap((table) => table.slice(1))];
    expect(new Set(heads).size, 'the first columns').toBe(1);
    expect(new Set(numbers).size, 'the numbers').toBe(1);
    const cut = await list.evaluate((box) => box.scrollWidth - box.clientWidth);
    expect(cut, 'nothing is cut').toBeLessThanOrEqual(0);
    await holds(window);
    await window.close();
  }
});

describe('by keyboard', () => {
  it('one walks the map, opens the history, and comes to the next host that needs a look', async () => {
    const window = await open(browser, { route: 'subnet/101' });
    const { page } = window;
    await page.getByRole('searchbox').waitFor();
    await tabTo(page, /^10\.20\.0\.0, Reserved$/);
    for (const key of ['ArrowDown', 'ArrowDown', 'End', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
    const name = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    expect(await name()).toBe('10.20.0.44, Missing, 3 misses');
    const detail = page.getByRole('region', { name: 'Selected address' });
    await detail.getByText('Not seen in 3 scans in a row').waitFor();
    await page.keyboard.press(']');
    await detail.getByText('10.20.0.73').waitFor();
    await page.keyboard.press('c');
    await page.getByText('10.20.0.73 copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('10.20.0.73');
    await tabTo(page, 'History');
    await page.keyboard.press('Enter');
    await detail.getByRole('list', { name: 'History' }).waitFor();
    expect(window.errors).toEqual([]);
    await window.close();
  });

  it('one filters, searches and walks the table', async () => {
    const { page, close } = await open(browser, { route: 'subnet/101' });
    await page.getByRole('searchbox').waitFor();
    await tabTo(page, /^Missing/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('[data-ip]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('raspberrypi');
    await page.keyboard.press('Escape');
    await page.keyboard.type('10.20.0.7');
    await expect.poll(() => page.locator('[data-ip]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-ip')))).toEqual(expect.arrayContaining(['10.20.0.73', '10.20.0.7', '10.20.0.70']));
    await tabTo(page, 'Hosts');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('region', { name: 'Selected address' }).getByText('10.20.0.73').waitFor();
    expect(await page.evaluate(() => document.getElementById(document.activeElement?.getAttribute('aria-activedescendant') ?? '')?.dataset.ip)).toBe('10.20.0.73');
    await close();
  });

  it('one drills into a /16 and comes back', async () => {
    const { page, close } = await open(browser, { route: 'subnet/104', query: 'site=large' });
    await page.getByRole('searchbox').waitFor();
    await tabTo(page, /^10\.40\.0\.0\/24,/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('grid', { name: 'Addresses of 10.40.37.0/24' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(/^10\.40\.37\.0,/);
    await page.keyboard.press('Backspace');
    await page.getByRole('grid', { name: 'Networks of 10.40.0.0/16' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toMatch(/^10\.40\.37\.0\/24,/);
    await close();
  });

  it('one exports', async () => {
    const { page, close } = await open(browser, { route: 'subnet/101' });
    await page.getByRole('searchbox').waitFor();
    await page.keyboard.press('Control+e');
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('button')?.textContent)).toContain('CSV');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText(/Exported to .*\.json/).waitFor();
    await close();
  });
});
