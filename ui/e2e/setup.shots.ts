import type { Page } from 'playwright-core';

import { YAML } from './samples';
import { shoot } from './shoot';

const query = 'state=first-run&speed=20';

const pasted = async (page: Page) => {
  await page.evaluate((text) => navigator.clipboard.writeText(text), YAML);
  await page.getByLabel('Text of scan_agent.yaml').focus();
  await page.keyboard.press('Control+V');
  await page.getByText('hidden, goes to the keychain').first().waitFor();
};
/** Taken over, with the remarks on it read. */
const taken = async (page: Page) => {
  await pasted(page);
  await page.getByRole('button', { name: 'Continue to the test' }).click();
  await page.getByText(/nmap_arguments is not known here/).waitFor();
  await page.getByRole('button', { name: 'Continue to the test' }).click();
};
const tested = async (page: Page) => {
  await taken(page);
  await page.locator('[data-step="clock"][data-outcome="ok"]').waitFor();
};
const form = async (page: Page) => {
  await page.getByRole('button', { name: 'Fill in by hand' }).click();
  await page.getByLabel('App code').focus();
};

shoot([
  { name: 'setup', route: 'setup', query },
  { name: 'setup-pasted', route: 'setup', query, before: pasted },
  { name: 'setup-pasted-dark', route: 'setup', query, dark: true, before: pasted },
  { name: 'setup-form', route: 'setup', query, before: form },
  { name: 'setup-form-dark', route: 'setup', query, dark: true, before: form },
  {
    name: 'setup-form-mistakes',
    route: 'setup',
    query,
    before: async (page) => {
      await form(page);
      await page.getByLabel('phpIPAM’s URL').fill('ipam');
      await page.getByRole('button', { name: 'Continue to the test' }).click();
      await page.getByText('This is needed.').first().waitFor();
    },
  },
  {
    name: 'setup-testing',
    route: 'setup',
    query: 'state=first-run&speed=1',
    before: async (page) => {
      await taken(page);
      await page.locator('[data-step="token"][data-outcome="ok"]').waitFor();
    },
  },
  { name: 'setup-tested', route: 'setup', query, before: tested },
  {
    name: 'setup-failed',
    route: 'setup',
    query: 'state=first-run,attention&speed=20',
    before: async (page) => {
      await taken(page);
      await page.getByRole('button', { name: 'Continue all the same' }).waitFor();
    },
  },
  {
    name: 'setup-scan',
    route: 'setup',
    query,
    before: async (page) => {
      await tested(page);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('Warehouse').waitFor();
    },
  },
  { name: 'setup-720', route: 'setup', query, width: 720, height: 560 },
  { name: 'setup-form-720', route: 'setup', query, width: 720, height: 560, before: form },
]);
