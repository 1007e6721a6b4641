// How long the window takes with 65,536 addresses in a subnet, against what it may take. Prints what it measured.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { launch, open } from './harness';

/** What it may take, in milliseconds. */
const OPENED = 500;
const ANSWERED = 100;
const LONGEST_TASK = 200;
const NO_FRAME_FOR = 1_000;

const TRIES = 5;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

interface Task {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** How long it took, and how long of that it was computing, in microseconds. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/** The longest task of the page while something is done. Apart from the time on the clock, the time it was computing: other programs don't add to that. */
async function longestTask(page: Page, run: () => Promise<void>): Promise<{ taken: number; computing: number }> {
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
  let trace: Buffer;
  try {
    await run();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: Task[] };
  const mains = new Set(traceEvents.filter((event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain').map((event) => `${event.pid} ${event.tid}`));
  const tasks = traceEvents.filter((event) => event.ph === 'X' && /RunTask$/.test(event.name) && mains.has(`${event.pid} ${event.tid}`));
  expect(tasks.length, 'tasks were recorded').toBeGreaterThan(10);
  const most = (of: (task: Task) => number) => tasks.reduce((longest, task) => Math.max(longest, of(task)), 0) / 1_000;
  return { taken: most((task) => task.dur ?? 0), computing: most((task) => task.tdur ?? 0) };
}

/** Prints what was measured. Returns the best of it: what else the machine does can only add to that. */
function report(what: string, measured: readonly number[], most: number): number {
  const sorted = [...measured].sort((a, b) => a - b);
  const [best = Infinity] = sorted;
  console.log(`${what}: ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms (from ${Math.round(best)} to ${Math.round(sorted.at(-1) ?? 0)}); at most ${most} ms`);
  return best;
}

describe('65,536 addresses', () => {
  it('open', async () => {
    const { page, close } = await open(browser, { route: 'overview', query: 'site=large' });
    // The fake makes the addresses up when it is asked first; that is not what is measured.
    await page.evaluate(() => (location.hash = '#/subnet/104'));
    await page.getByRole('row', { name: /10\.40\.3\.9/ }).waitFor();
    const times: number[] = [];
    for (let one = 0; one < TRIES; one += 1) {
      await page.evaluate(() => (location.hash = '#/settings'));
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      times.push(
        await page.evaluate(
          () =>
            new Promise<number>((done) => {
              const began = performance.now();
              location.hash = '#/subnet/104';
              const look = () => {
                const map = document.querySelectorAll('[role=gridcell][data-cell]').length === 256;
                const table = document.querySelectorAll('[data-ip]').length > 5;
                if (map && table) requestAnimationFrame(() => done(performance.now() - began));
                else requestAnimationFrame(look);
              };
              look();
            }),
        ),
      );
    }
    await close();
    expect(report('Map and table opened', times, OPENED), 'the best of the tries').toBeLessThan(OPENED);
  });

  it('answer a search', async () => {
    const { page, close } = await open(browser, { route: 'subnet/104', query: 'site=large' });
    const field = page.getByRole('searchbox');
    await field.waitFor();
    const times: number[] = [];
    for (const needle of ['robot-', '10.40.200.', 'siemens', '24:0a:c4:ff', 'hmi 77', 'nothing has this']) {
      await field.fill('');
      await page.getByRole('row', { name: /10\.40\.3\.9/ }).waitFor();
      times.push(
        await page.evaluate(
          (text) =>
            new Promise<number>((done) => {
              const input = document.querySelector<HTMLInputElement>('[role=searchbox]');
              const said = document.querySelector('section.hosts > [role=status]');
              if (!input || !said) throw new Error('there is nothing to search with');
              const began = performance.now();
              const answer = new MutationObserver(() => requestAnimationFrame(() => done(performance.now() - began)));
              answer.observe(said, { childList: true, characterData: true, subtree: true });
              input.value = text;
              input.dispatchEvent(new Event('input', { bubbles: true }));
            }),
          needle,
        ),
      );
    }
    await close();
    expect(report('Search answered', times, ANSWERED), 'the best of the searches').toBeLessThan(ANSWERED);
  });

  it('scroll without a second dropped', async () => {
    const { page, close } = await open(browser, { route: 'subnet/104', query: 'site=large' });
    await page.getByRole('row', { name: /10\.40\.3\.9/ }).waitFor();
    let [gap, frames, end] = [Infinity, 0, ''];
    const task = await longestTask(page, async () => {
      [gap, frames, end] = await page.evaluate(
        () =>
          new Promise<[number, number, string]>((done) => {
            const box = document.querySelector<HTMLElement>('[role=grid].box');
            if (!box) throw new Error('there is no table');
            const began = performance.now();
            let [last, gap, frames] = [began, 0, 0];
            const step = (now: number) => {
              gap = Math.max(gap, now - last);
              last = now;
              frames += 1;
              const share = Math.min(1, (now - began) / 3_000);
              box.scrollTop = share * box.scrollHeight;
              if (share < 1) requestAnimationFrame(step);
              else requestAnimationFrame(() => requestAnimationFrame(() => done([gap, frames, [...box.querySelectorAll('[data-ip]')].at(-1)?.getAttribute('data-ip') ?? ''])));
            };
            requestAnimationFrame(step);
          }),
      );
    });
    await close();
    console.log(`Scrolled through 65,536 rows in 3 s: ${frames} frames, the longest gap ${Math.round(gap)} ms, the longest task ${Math.round(task.taken)} ms, of which ${Math.round(task.computing)} ms computing`);
    expect(end, 'the last row, the one that was not seen this time, is shown at the end').toBe('10.40.88.3');
    expect(gap, 'no frame is missing for a second').toBeLessThan(NO_FRAME_FOR);
  });

  it('are scanned while the window stays responsive', async () => {
    const { page, close } = await open(browser, { route: 'subnet/104', query: 'site=large&speed=3', frozen: false });
    await page.getByRole('row', { name: /10\.40\.3\.9/ }).waitFor();
    const task = await longestTask(page, async () => {
      await page.getByRole('button', { name: 'Scan this subnet' }).click();
      await page.getByText('Scanning Regional plant').first().waitFor();
      // Somebody works meanwhile.
      for (let step = 0; step < 8; step += 1) await page.keyboard.press(']');
      await page.getByRole('searchbox').fill('robot');
      await page.getByText('Scanning Regional plant').first().waitFor({ state: 'detached', timeout: 120_000 });
    });
    await close();
    console.log(`Longest task during a scan: ${Math.round(task.taken)} ms, of which ${Math.round(task.computing)} ms computing; at most ${LONGEST_TASK} ms`);
    expect(task.computing).toBeLessThan(LONGEST_TASK);
  });
});
