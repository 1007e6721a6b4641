// Where a problem is mended: a page of this window, or a command. None if it mends itself or only elsewhere.

import type { ProblemCode, ProblemDocument, ProblemFacts } from '../host';
import type { Words } from '../i18n/index.svelte';
import { refreshIpam } from './commands.svelte';
import type { Page } from './pages';

/** What leads to the mending. */
export type Mend = { label: (words: Words) => string } & ({ page: Page } | { run: () => void });

const section = (name: string): Mend => ({ label: (words) => words.overview.openSettings, page: { at: 'settings', section: name } });
const refresh: Mend = { label: (words) => words.common.tryAgain, run: () => void refreshIpam() };
const report = ({ report }: { report: number }): Mend => ({ label: (words) => words.overview.openReport, page: { at: 'reports', id: report } });

const PLACES: { [Code in ProblemCode]: Mend | null | ((facts: ProblemFacts[Code]) => Mend) } = {
  'setting-missing': ({ key }) => section(sectionOf(key)),
  'settings-invalid': section('phpipam'),
  'secret-missing': ({ name }) => section(sectionOf(name)),
  'secret-unreadable': ({ name }) => section(sectionOf(name)),
  'keychain-unavailable': section('phpipam'),
  'ipam-unreachable': refresh,
  'ipam-certificate': section('phpipam'),
  'ipam-insecure': section('phpipam'),
  'ipam-token-rejected': section('phpipam'),
  'ipam-token-of-other-app': section('phpipam'),
  'ipam-app-unknown': section('phpipam'),
  'ipam-api-off': refresh,
  'ipam-blocked': section('phpipam'),
  'ipam-not-found': section('phpipam'),
  'ipam-failing': refresh,
  'ipam-not-understood': section('logs'),
  'agent-code-unknown': section('phpipam'),
  'nothing-assigned': refresh,
  'not-assigned': refresh,
  'subnet-gone': null,
  'addresses-unknown': refresh,
  'subnet-refused': section('scanning'),
  'nmap-missing': section('scanning'),
  'nmap-unusable': section('scanning'),
  'nmap-too-old': null,
  'nmap-unprivileged': section('scanning'),
  'nmap-failed': section('logs'),
  'nmap-hung': null,
  'no-route': null,
  'everybody-up': section('scanning'),
  'server-unreachable': section('server'),
  'server-certificate': section('server'),
  'server-insecure': section('server'),
  'server-token-rejected': section('server'),
  'report-rejected': report,
  'report-damaged': report,
  'server-failing': { label: (words) => words.frame.reports, page: { at: 'reports', id: null } },
  'report-partly': report,
  'report-unconfirmed': report,
  'clock-off': section('cache'),
  'disk-full': null,
  'store-set-aside': null,
  'store-failing': section('logs'),
  'store-held': null,
  'store-newer': null,
  'agent-ended': section('logs'),
  'schedule-invalid': section('schedule'),
};

/** Where that is mended. */
export function mendOf(problem: ProblemDocument): Mend | null {
  if (!Object.hasOwn(PLACES, problem.code)) return null;
  const place = PLACES[problem.code] as Mend | null | ((facts: unknown) => Mend);
  return typeof place === 'function' ? place(problem) : place;
}

/** The section of the settings that has a key or secret. */
function sectionOf(key: string): string {
  return key === 'auth_token' || key.startsWith('http_') ? 'server' : 'phpipam';
}
