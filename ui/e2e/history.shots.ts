import { shoot } from './shoot';

shoot([
  { name: 'history', route: 'history/410', before: async (page) => page.getByText('Needs a look').or(page.getByText('10.20.0.118')).first().waitFor() },
  { name: 'history-dark', route: 'history/410', dark: true, before: async (page) => page.getByText('10.20.0.118').first().waitFor() },
  {
    name: 'history-compare',
    route: 'history/410',
    before: async (page) => {
      await page.getByLabel('Compare with').selectOption({ index: 5 });
      await page.getByText('Compared with').waitFor();
    },
  },
  { name: 'history-failed', route: 'history/405', before: async (page) => page.getByText('By subnet').waitFor() },
  { name: 'history-problems', route: 'history', before: async (page) => page.getByRole('button', { name: 'With problems' }).click() },
  { name: 'history-empty', route: 'history', query: 'state=never-scanned', before: async (page) => page.getByText('No run yet').waitFor() },
  { name: 'history-loading', route: 'history', query: 'state=loading' },
  { name: 'history-error', route: 'history', query: 'state=error' },
  { name: 'history-hostile', route: 'history/410', query: 'state=hostile', before: async (page) => page.getByText('By subnet').waitFor() },
  { name: 'history-720', route: 'history', width: 720, height: 560, before: async (page) => page.getByRole('list', { name: 'Runs' }).waitFor() },
  { name: 'history-720-detail', route: 'history/410', width: 720, height: 900, before: async (page) => page.getByText('By subnet').waitFor() },
  { name: 'history-1600', route: 'history/410', width: 1_600, height: 1_000, before: async (page) => page.getByText('By subnet').waitFor() },
  { name: 'history-german', route: 'history/410', language: 'de', before: async (page) => page.getByText('Nach Subnetz').waitFor() },
]);
