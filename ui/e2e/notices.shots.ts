import { shoot } from './shoot';

shoot([
  { name: 'notices', route: 'notices' },
  { name: 'notices-dark', route: 'notices', dark: true },
  { name: 'notices-german', route: 'notices', language: 'de' },
  { name: 'notices-none', route: 'notices', query: 'state=empty' },
  { name: 'notices-error', route: 'notices', query: 'state=error' },
  { name: 'notices-loading', route: 'notices', query: 'state=loading' },
  { name: 'notices-720', route: 'notices', width: 720, height: 560 },
]);
