// Problems as the agent would tell them. The words of codes that the window knows are its own; these are the fallback.

import type { ProblemCode, ProblemDocument, ProblemFacts, Said, Severity } from '../types';
import type { Options } from './options';
import { iso, MINUTE } from './time';

const AREAS: Record<string, string> = { ipam: 'phpIPAM', server: 'Scan server', nmap: 'nmap', report: 'Report' };

export function problem<C extends ProblemCode>(code: C, facts: ProblemFacts[C], severity: Severity, since?: number, said?: Said): ProblemDocument {
  // That the facts are those of the code is what the types above hold to.
  return {
    ...facts,
    code,
    severity,
    area: AREAS[code.split('-')[0] ?? ''] ?? 'This computer',
    what: `(${code})`,
    remedy: '(Words of the window.)',
    ...(said ? { said } : {}),
    ...(since === undefined ? {} : { since: iso(since) }),
  } as ProblemDocument;
}

export const serverSaid = (words: string): Said => ({ by: 'The server said', words });
export const systemSaid = (words: string): Said => ({ by: 'The system said', words });

/** What is wrong from the start on. */
export function problemsOf(states: Options['states'], start: number): ProblemDocument[] {
  const all: ProblemDocument[] = [];
  if (states.has('first-run')) all.push(problem('setting-missing', { key: 'api_url' }, 'needs-person', start));
  if (states.has('empty')) all.push(problem('nothing-assigned', {}, 'notice', start - 5 * MINUTE));
  if (states.has('attention')) {
    all.push(problem('server-token-rejected', { words: 'Invalid authorization token' }, 'needs-person', start - 108 * MINUTE, serverSaid('Invalid authorization token')));
    all.push(problem('nmap-unprivileged', {}, 'notice', start - 3_000 * MINUTE));
  }
  if (states.has('offline')) {
    all.push(problem('ipam-unreachable', { detail: 'timed out' }, 'waiting', start - 120 * MINUTE, systemSaid('operation timed out')));
    all.push(problem('server-unreachable', { detail: 'refused' }, 'waiting', start - 60 * MINUTE, systemSaid('Connection refused (os error 111)')));
  }
  if (states.has('hostile')) {
    all.push(problem('ipam-failing', { status: 500, words: '' }, 'waiting', start, serverSaid(`<script>document.title="owned"</script>\u202E${'A'.repeat(4_000)}`)));
    all.push({ code: 'from-the-future', severity: 'needs-person', area: 'New', what: 'A problem that this window does not know yet.', remedy: 'The agent’s own words are shown for it.' } as never);
  }
  return all;
}
