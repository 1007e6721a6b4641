// Larger text: it counts as a narrower window, and nothing is cut off, covered or out of line.

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { holds, launch, open, settled } from './harness';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** The width of something in rem, and by how much its content is wider. */
const room = (of: Locator) =>
  of.evaluate((box) => ({ rem: box.getBoundingClientRect().width / parseFloat(getComputedStyle(document.documentElement).fontSize), beyond: box.scrollWidth - box.clientWidth }));

describe.each([100, 125, 150, 200])('with text at %i %', (text) => {
  it.each(['en', 'de'] as const)('the settings have room for their form (%s)', async (language) => {
    const window = await open(browser, { route: 'settings', text, language });
    const { page } = window;
    await page.locator('[data-key=http_port] input').waitFor();
    await settled(page);
    const form = await room(page.locator('.form'));
    expect(form.rem, 'the form has room').toBeGreaterThanOrEqual(28);
    expect(form.beyond, 'nothing is wider than the form').toBeLessThanOrEqual(0);
    const [of, beside] = [await page.locator('.form').boundingBox(), await page.locator('.test').boundingBox()];
    expect(of !== null && beside !== null && (of.x + of.width <= beside.x + 1 || of.y + of.height <= beside.y + 1), 'the panel lies over nothing').toBe(true);
    await holds(window);
    await window.close();
  });

  it.each(['en', 'de'] as const)('the history has room for a run (%s)', async (language) => {
    const window = await open(browser, { route: 'history', text, language });
    const { page } = window;
    await page.locator('.detail table').first().waitFor();
    await settled(page);
    for (const pane of ['.list', '.detail']) {
      const { rem, beyond } = await room(page.locator(pane));
      expect(rem, `${pane} has room`).toBeGreaterThanOrEqual(20);
      expect(beyond, `nothing is wider than ${pane}`).toBeLessThanOrEqual(0);
      expect((await page.locator(pane).boundingBox())?.height, `${pane} is not only a slit`).toBeGreaterThan(200);
    }
    await holds(window);
    await window.close();
  });

  it('the rail keeps its words and buttons to itself', async () => {
    for (const language of ['en', 'de'] as const) {
      const { page, close } = await open(browser, { text, language, query: 'state=running' });
      await page.locator('.rail .status button').last().waitFor();
      await settled(page);
      expect(await outside(page), 'nothing in the rail sticks out of it').toEqual([]);
      const stop = page.locator('.rail .status button').last();
      expect(await stop.evaluate((button) => button.scrollWidth - button.clientWidth), 'no word is cut').toBeLessThanOrEqual(0);
      const links = page.locator('.rail nav');
      expect((await links.boundingBox())?.height, 'the pages stay in view').toBeGreaterThan(150);
      await close();
    }
  });
});

/** What of the rail lies beside it. */
function outside(page: Page): Promise<string[]> {
  return page.locator('.rail').evaluate((rail) => {
    const { left, right } = rail.getBoundingClientRect();
    return [...rail.querySelectorAll('a, button, p, span')].flatMap((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 1 && (box.left < left || box.right > right) ? [`${one.className}: ${one.textContent}`] : [];
    });
  });
}

it.each([100, 125, 200])('the labels of the map stand at their rows and columns with text at %i %', async (text) => {
  for (const [route, query] of [['subnet/101', ''], ['subnet/104', 'site=large']] as const) {
    const { page, close } = await open(browser, { route, query, text });
    const grid = page.getByRole('grid').first();
    await grid.getByRole('gridcell').first().waitFor();
    await settled(page);
    const lines = await grid.evaluate((of) => {
      const box = (one: Element) => one.getBoundingClientRect();
      const text = (one: Element) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getBoundingClientRect();
      };
      const rows = [...of.querySelectorAll('[role=row]')].map(box);
      const columns = [...of.querySelectorAll('[role=row]:first-child > [role=gridcell]')].map(box);
      return {
        rows: [...of.querySelectorAll('.labels > span')].map((label, at) => ({ label: label.textContent, middle: (text(label).top + text(label).bottom) / 2, height: text(label).height, top: rows[at]?.top ?? 0, bottom: rows[at]?.bottom ?? 0 })),
        columns: [...of.querySelectorAll('.columns > span')].map((label, at) => ({ label: label.textContent, left: text(label).left, right: text(label).right, from: columns[at]?.left ?? 0, to: columns[at]?.right ?? 0 })),
      };
    });
    expect(lines.rows.length).toBe(16);
    expect(lines.columns.length).toBe(16);
    for (const { label, middle, top, bottom } of lines.rows) {
      expect(Math.abs(middle - (top + bottom) / 2), `${label} stands at the middle of its row`).toBeLessThan((bottom - top) / 4);
    }
    for (const { label, left, right, from, to } of lines.columns) {
      expect(left, `${label} stands over its column`).toBeGreaterThan(from);
      expect(right, `${label} stands over its column`).toBeLessThan(to);
    }
    await close();
  }
});
