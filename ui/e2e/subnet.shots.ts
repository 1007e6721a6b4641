import type { Page } from 'playwright-core';

import { shoot } from './shoot';

const choose = (ip: string) => async (page: Page) => {
  await page.getByRole('gridcell', { name: new RegExp(`^${ip.replaceAll('.', '\\.')},`) }).click();
};

shoot([
  { name: 'subnet', route: 'subnet/101/10.20.0.73' },
  { name: 'subnet-dark', route: 'subnet/101/10.20.0.73', dark: true },
  {
    name: 'subnet-history',
    route: 'subnet/101/10.20.0.44',
    before: async (page) => {
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.getByRole('button', { name: 'History' }).click();
      await page.getByRole('list', { name: 'History' }).waitFor();
    },
  },
  { name: 'subnet-tooltip', route: 'subnet/101/10.20.0.73', before: async (page) => page.getByRole('gridcell', { name: /^10\.20\.0\.118,/ }).hover() },
  { name: 'subnet-22', route: 'subnet/103/10.20.6.88' },
  { name: 'subnet-22-dark', route: 'subnet/103/10.20.6.88', dark: true },
  { name: 'subnet-16', route: 'subnet/104', query: 'site=large', before: choose('10.40.37.0/24') },
  {
    name: 'subnet-16-networks',
    route: 'subnet/104',
    query: 'site=large',
    dark: true,
    before: async (page) => {
      await choose('10.40.37.0/24')(page);
      await page.getByRole('radio', { name: 'Networks' }).click();
    },
  },
  { name: 'subnet-16-drilled', route: 'subnet/104/10.40.37.77', query: 'site=large' },
  { name: 'subnet-16-arriving', route: 'subnet/104/10.40.200.9', query: 'site=large&state=arriving' },
  { name: 'subnet-ipv6', route: 'subnet/105/fd00:20::21' },
  { name: 'subnet-columns', route: 'subnet/101', before: async (page) => page.getByRole('button', { name: 'Columns' }).click() },
  { name: 'subnet-export', route: 'subnet/101', before: async (page) => page.getByRole('button', { name: 'Export' }).click() },
  {
    name: 'subnet-search',
    route: 'subnet/101',
    before: async (page) => {
      await page.getByRole('searchbox').fill('yealink');
      await page.getByText('As documented').waitFor();
    },
  },
  { name: 'subnet-running', route: 'subnet/103', query: 'state=running' },
  { name: 'subnet-running-dark', route: 'subnet/103', query: 'state=running', dark: true },
  { name: 'subnet-offline', route: 'subnet/101/10.20.0.118', query: 'state=offline' },
  { name: 'subnet-stale', route: 'subnet/102/10.20.1.27', query: 'state=stale' },
  { name: 'subnet-never-scanned', route: 'subnet/101', query: 'state=never-scanned' },
  { name: 'subnet-loading', route: 'subnet/101', query: 'state=loading' },
  { name: 'subnet-error', route: 'subnet/101', query: 'state=error' },
  { name: 'subnet-empty', route: 'subnet/101', query: 'state=empty' },
  { name: 'subnet-hostile', route: 'subnet/101/10.20.0.12', query: 'state=hostile' },
  { name: 'subnet-hostile-dark', route: 'subnet/103/10.20.4.12', query: 'state=hostile', dark: true },
  { name: 'subnet-720', route: 'subnet/101', width: 720, height: 900 },
  { name: 'subnet-720-detail', route: 'subnet/101/10.20.0.73', width: 720, height: 560 },
  { name: 'subnet-1080', route: 'subnet/101/10.20.0.44', width: 1_080, height: 900 },
  { name: 'subnet-1440', route: 'subnet/101/10.20.0.73', width: 1_440, height: 900 },
  { name: 'subnet-1600', route: 'subnet/101/10.20.0.73', width: 1_600, height: 1_000 },
  { name: 'subnet-german', route: 'subnet/101/10.20.0.73', language: 'de' },
  {
    name: 'subnet-200',
    route: 'subnet/101/10.20.0.73',
    before: async (page) => {
      await page.addStyleTag({ content: 'html { font-size: 200% }' }).catch(() => undefined);
      await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    },
  },
]);
