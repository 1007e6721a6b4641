import { shoot } from './shoot';

shoot([
  { name: 'overview', route: 'overview' },
  { name: 'overview-dark', route: 'overview', dark: true },
  { name: 'overview-right', route: 'overview', query: 'state=right' },
  { name: 'overview-running', route: 'overview', query: 'state=running' },
  { name: 'overview-offline', route: 'overview', query: 'state=offline' },
  { name: 'overview-stale', route: 'overview', query: 'state=stale' },
  { name: 'overview-attention', route: 'overview', query: 'state=attention' },
  { name: 'overview-attention-dark', route: 'overview', query: 'state=attention', dark: true },
  { name: 'overview-empty', route: 'overview', query: 'state=empty' },
  { name: 'overview-never-scanned', route: 'overview', query: 'state=never-scanned' },
  { name: 'overview-paused', route: 'overview', query: 'state=paused' },
  { name: 'overview-loading', route: 'overview', query: 'state=loading' },
  { name: 'overview-error', route: 'overview', query: 'state=error' },
  { name: 'overview-hostile', route: 'overview', query: 'state=hostile' },
  { name: 'overview-large', route: 'overview', query: 'site=large' },
  { name: 'overview-many', route: 'overview', query: 'site=many', width: 1_600, height: 1_000 },
  { name: 'overview-720', route: 'overview', width: 720, height: 560 },
  { name: 'overview-1080', route: 'overview', width: 1_080 },
  { name: 'overview-1600', route: 'overview', width: 1_600, height: 1_000 },
  { name: 'overview-german', route: 'overview', language: 'de', query: 'state=attention' },
]);
