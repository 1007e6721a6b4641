// Problems as the agent would tell them. The words of codes that the window knows are its own; these are the fallback.

import type { ProblemCode, ProblemDocument, ProblemFacts, Said, Severity } from '../types';

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
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
  } as ProblemDocument;
}

export const serverSaid = (words: string): Said => ({ by: 'The server said', words });
export const systemSaid = (words: string): Said => ({ by: 'The system said', words });
