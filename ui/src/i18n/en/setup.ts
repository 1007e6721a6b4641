import type { StepId } from '../../host/types';

const steps: Record<StepId, { title: string; question: string }> = {
  settings: { title: 'Settings', question: 'Is everything filled in?' },
  keychain: { title: 'Tokens', question: 'Are they in the keychain?' },
  reachable: { title: 'phpIPAM answers', question: 'Does anything answer at its URL?' },
  tls: { title: 'Its certificate', question: 'Is it trusted?' },
  token: { title: 'Its token', question: 'Does phpIPAM take it?' },
  'agent-code': { title: 'Scan agent found', question: 'Does phpIPAM know the code?' },
  subnets: { title: 'Assigned subnets', question: 'Are there any to scan?' },
  'scan-server': { title: 'Scan server', question: 'Does it answer and take the token?' },
  nmap: { title: 'nmap', question: 'Is it there, and new enough?' },
  privileges: { title: 'Privileges', question: 'May it send raw packets?' },
  clock: { title: 'Clock', question: 'Does it agree with the servers’?' },
};

export const setup = {
  steps,
  trying: 'Trying…',
  needsStep: (step: string) => `Not tried, needs “${step}”`,
};
