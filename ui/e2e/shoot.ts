// Takes pictures of scenes.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import type { Browser } from 'playwright-core';

import { launch, open, type Look } from './harness';

const FOLDER = join(import.meta.dirname, '..', 'screenshots');

export interface Scene extends Look {
  /** The file's name, without `.png`. */
  name: string;
  /** What is done before the picture is taken. */
  before?: (page: Page) => Promise<void>;
}

/** One picture for each scene. To be called at the top of a `.shots.ts` file. */
export function shoot(scenes: readonly Scene[]): void {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true });
    browser = await launch();
  });
  afterAll(() => browser.close());

  for (const { name, before, ...look } of scenes) {
    it(name, async () => {
      const { page, close } = await open(browser, look);
      await before?.(page);
      if (look.query?.includes('state=loading')) await page.locator('.skeleton.late').first().waitFor();
      // Two frames, so that what was drawn last is in the picture.
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      await page.screenshot({ path: join(FOLDER, `${name}.png`) });
      await close();
    });
  }
}
