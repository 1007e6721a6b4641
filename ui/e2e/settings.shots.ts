import type { Page } from 'playwright-core';

import { shoot } from './shoot';

const loaded = (page: Page) => page.getByLabel('App id').waitFor();
const at = (section: string) => async (page: Page) => {
  await page.getByRole('heading', { name: section, exact: true }).waitFor();
};

shoot([
  { name: 'settings', route: 'settings', before: loaded },
  {
    name: 'settings-changed',
    route: 'settings',
    query: 'state=attention',
    frozen: false,
    before: async (page) => {
      await loaded(page);
      await page.getByRole('button', { name: 'Test everything' }).click();
      await page.getByRole('button', { name: 'Test again' }).waitFor();
      await page.getByRole('textbox', { name: 'Port' }).fill('8434');
    },
  },
  {
    name: 'settings-testing',
    route: 'settings',
    dark: true,
    frozen: false,
    before: async (page) => {
      await loaded(page);
      await page.getByRole('button', { name: 'Test everything' }).click();
      await page.locator('[data-step=token][data-outcome=ok]').waitFor();
    },
  },
  {
    name: 'settings-wrong',
    route: 'settings',
    before: async (page) => {
      await loaded(page);
      await page.getByRole('textbox', { name: 'Port' }).fill('84340');
      await page.getByRole('textbox', { name: 'URL' }).first().fill('ipam.example.net');
      await page.getByText('2 values').waitFor();
      await page.getByRole('button', { name: 'What would change' }).click();
    },
  },
  {
    name: 'settings-secret',
    route: 'settings',
    before: async (page) => {
      await loaded(page);
      await page.getByRole('button', { name: 'API token: Replace…' }).click();
    },
  },
  { name: 'settings-schedule', route: 'settings/schedule', before: at('Schedule') },
  {
    name: 'settings-schedule-days',
    route: 'settings/schedule',
    dark: true,
    before: async (page) => {
      await at('Schedule')(page);
      await page.getByLabel('from', { exact: true }).selectOption('6');
      await page.getByLabel('to', { exact: true }).selectOption('20');
      await page.getByRole('button', { name: 'Saturday' }).click();
      await page.getByRole('button', { name: 'Sunday' }).click();
      await page.getByText('once applied').waitFor();
    },
  },
  {
    name: 'settings-scanning',
    route: 'settings/scanning',
    query: 'state=attention',
    before: async (page) => {
      await at('Scanning')(page);
      await page.getByRole('button', { name: 'How to enable…' }).click();
      await page.getByRole('textbox', { name: 'Public networks' }).fill('203.0.113.0/24');
      await page.keyboard.press('Enter');
      await page.getByText('once applied').or(page.getByText('1 change')).first().waitFor();
    },
  },
  { name: 'settings-update', route: 'settings/startup', query: 'state=update', before: at('Startup') },
  { name: 'settings-cache', route: 'settings/cache', before: at('Cache') },
  {
    name: 'settings-import',
    route: 'settings/import',
    before: async (page) => {
      await page.getByRole('button', { name: /Import scan_agent/ }).click();
      await page.getByLabel('Text of scan_agent.yaml').fill('api_url: https://ipam.example.net\nclient_token: secret\nhttp_port: 8443\nfoo: 1\n');
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText('taken over').waitFor();
    },
  },
  {
    name: 'settings-other',
    route: 'settings/cache',
    before: async (page) => {
      await page.getByLabel('Keep history').selectOption({ label: 'Other…' });
      await page.getByRole('textbox', { name: 'Keep history, as text' }).fill('');
      await page.getByLabel('Expires after').selectOption({ label: 'Other…' });
      await page.getByRole('textbox', { name: 'Expires after, as text' }).fill('9');
    },
  },
  { name: 'settings-logs', route: 'settings/logs', before: async (page) => page.getByRole('region', { name: 'Log' }).getByText('Info').first().waitFor() },
  { name: 'settings-logs-dark', route: 'settings/logs', dark: true, before: async (page) => page.getByRole('region', { name: 'Log' }).getByText('Info').first().waitFor() },
  { name: 'settings-loading', route: 'settings', query: 'state=loading' },
  { name: 'settings-error', route: 'settings', query: 'state=error' },
  { name: 'settings-offline', route: 'settings/cache', query: 'state=offline', before: at('Cache') },
  { name: 'settings-720', route: 'settings', width: 720, height: 900, before: loaded },
  { name: 'settings-1080', route: 'settings', width: 1_080, before: loaded },
  { name: 'settings-1600', route: 'settings', width: 1_600, height: 1_000, before: loaded },
  { name: 'settings-german', route: 'settings/schedule', language: 'de', before: async (page) => page.getByRole('heading', { name: 'Zeitplan' }).waitFor() },
]);
