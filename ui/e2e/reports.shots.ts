import { shoot } from './shoot';

shoot([
  { name: 'reports', route: 'reports', query: 'state=offline' },
  { name: 'reports-rejected', route: 'reports/797', query: 'state=offline' },
  { name: 'reports-rejected-dark', route: 'reports/797', query: 'state=offline', dark: true },
  { name: 'reports-waiting', route: 'reports/812', query: 'state=offline' },
  { name: 'reports-unconfirmed', route: 'reports/796', query: 'state=attention' },
  { name: 'reports-partly', route: 'reports/807' },
  { name: 'reports-right', route: 'reports', query: 'state=right' },
  { name: 'reports-none', route: 'reports', query: 'state=empty' },
  { name: 'reports-error', route: 'reports', query: 'state=error' },
  { name: 'reports-720', route: 'reports', query: 'state=offline', width: 720, height: 560 },
  { name: 'reports-720-detail', route: 'reports/797', query: 'state=offline', width: 720, height: 560 },
  { name: 'reports-german', route: 'reports/797', query: 'state=offline', language: 'de' },
]);
