// A window in a real browser: opens pages on the fake agent, and holds every page to what all pages must keep.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

import { chromium, type Browser, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  /** As in `overview`, `subnet/101`. */
  route?: string;
  /** As in `state=offline&site=large`. */
  query?: string;
  width?: number;
  height?: number;
  dark?: boolean;
  language?: 'en' | 'de';
  /** The size of the text in percent. */
  text?: number;
  /** The system's few colours in place of ours, as in Windows' contrast themes. */
  forced?: boolean;
  /** Lets time stand still, so that a picture is the same every time. Walks want it to go on. */
  frozen?: boolean;
  /** Where the demo build is served; in tests, Vitest knows. */
  base?: string;
}

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error(`No Chromium at ${PLACES.join(', ')}. Install it (apt install chromium), or name one in CHROMIUM.`);
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] });
}

/** A page, and everything that went wrong on it. */
export interface Window {
  page: Page;
  errors: string[];
  close: () => Promise<void>;
}

/** Opens the window at a page of it, and waits until that has its heading. */
export async function open(browser: Browser, look: Look = {}): Promise<Window> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1_200, height: look.height ?? 780 },
    colorScheme: look.dark ? 'dark' : 'light',
    locale: look.language === 'de' ? 'de-DE' : 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    forcedColors: look.forced ? 'active' : 'none',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(look.base ?? base())) errors.push(`asked elsewhere: ${request.url()}`);
  });
  const query = [look.query, look.frozen === false ? '' : 'frozen'].filter(Boolean).join('&');
  await page.goto(`${look.base ?? base()}?${query}#/${look.route ?? 'overview'}`);
  await page.waitForSelector('h1');
  if (look.text !== undefined) {
    await page.evaluate((size) => {
      document.documentElement.style.fontSize = `${size}%`;
    }, look.text);
    await settled(page);
  }
  return { page, errors, close: () => context.close() };
}

function base(): string {
  const url = process.env.FIELDSCAN_UI;
  if (url === undefined) throw new Error('The demo build is not served.');
  return url;
}

/**
 * Waits until everything stands where it stood a frame before: between two frames, what is laid out by its container's size may
 * still be at the size from before. Fails after a bounded number of frames.
 */
export async function settled(page: Page): Promise<void> {
  const rests = await page.evaluate(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const places = () => JSON.stringify([...document.body.querySelectorAll('*')].map((one) => one.getBoundingClientRect()));
    await frame();
    let before = places();
    for (let frames = 0; frames < 100; frames += 1) {
      await frame();
      const now = places();
      if (now === before) return true;
      before = now;
    }
    return false;
  });
  expect(rests, 'the layout comes to rest').toBe(true);
}

/** No error on the console, nothing asked elsewhere, nothing wider than the window, and no violation that axe finds. */
export async function holds({ page, errors }: Window): Promise<void> {
  // The policy forbids scripts in the page, so axe comes in through the debugger.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[] }> } }).axe;
    const result = await run.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `  ${node.target.join(' ')} ${node.failureSummary ?? ''}`).join('\n')}`);
  });
  expect(violations, 'axe-core finds nothing').toEqual([]);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wider, 'nothing is wider than the window').toBeLessThanOrEqual(0);
  expect(errors, 'the console stays silent and nothing is fetched from elsewhere').toEqual([]);
}

/** Tabs on until the focus is on something with that name; fails after a bounded number of steps. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const labelled = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? (element.labels?.[0]?.textContent ?? '') : '';
      return (element?.getAttribute('aria-label') ?? (labelled || element?.textContent) ?? '').trim();
    });
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    passed.push(now.slice(0, 40));
  }
  throw new Error(`The keyboard does not reach ${String(name)}. It came to: ${passed.join(' | ')}`);
}
