// “Test everything”, step by step.

import { STEPS, type DoctorFound, type DoctorStep, type StepId } from '../types';
import { problem, serverSaid } from './problem';
import type { FakeSettings } from './settings';

/** What each step finds, in the agent's words and as facts. */
const FOUND: Record<StepId, [string, DoctorFound]> = {
  settings: ['all that is needed is set', { code: 'complete' }],
  keychain: ['client_token from the keychain, auth_token from the keychain', { code: 'secrets', secret: 'client_token', source: 'keychain', auth_token: 'keychain' }],
  reachable: ['https://ipam.example.net, port 443', { code: 'answers', url: 'https://ipam.example.net', port: 443 }],
  tls: ['trusted', { code: 'trusted' }],
  token: ['phpIPAM takes it', { code: 'accepted' }],
  'agent-code': ['depot-01 (agent 3)', { code: 'agent', id: 3, name: 'depot-01' }],
  subnets: ['4 subnets', { code: 'subnets', assigned: 4, scanned: 4 }],
  'scan-server': ['scan.example.net, port 8443', { code: 'server', host: 'scan.example.net', port: 8_443 }],
  nmap: ['7.95, /usr/bin/nmap', { code: 'nmap', version: '7.95', path: '/usr/bin/nmap' }],
  privileges: ['raw sockets of its own', { code: 'raw' }],
  clock: ["3 s from the servers'", { code: 'clock', apart: 3 }],
};

/** How each step ends with these settings. `wrong` has what doesn't work. */
export function examine(settings: FakeSettings, wrong: ReadonlySet<'server-token' | 'offline' | 'privileges'>): DoctorStep[] {
  const failed = new Set<StepId>();
  const after: Partial<Record<StepId, StepId>> = { reachable: 'settings', tls: 'reachable', token: 'reachable', 'agent-code': 'token', subnets: 'agent-code', 'scan-server': 'settings', clock: 'reachable' };
  return STEPS.map((id): DoctorStep => {
    const base = { id, title: id };
    const because = after[id];
    if (because && failed.has(because)) {
      failed.add(id);
      return { ...base, outcome: 'not-tried', because };
    }
    const found = trouble(id, settings, wrong);
    if (!found) return { ...base, outcome: 'ok', detail: FOUND[id][0], found: FOUND[id][1] };
    if (id === 'privileges') return { ...base, outcome: 'warning', problem: found };
    failed.add(id);
    return { ...base, outcome: 'failed', problem: found };
  });
}

function trouble(id: StepId, settings: FakeSettings, wrong: ReadonlySet<string>) {
  const missing = ['api_url', 'client_name', 'scanagent_code'].find((key) => !settings.has(key));
  if (id === 'settings' && missing) return problem('setting-missing', { key: missing }, 'needs-person');
  if (id === 'keychain' && !settings.has('client_token')) return problem('secret-missing', { name: 'client_token' }, 'needs-person');
  if (id === 'reachable' && wrong.has('offline')) return problem('ipam-unreachable', { detail: 'timed out' }, 'waiting', undefined, { by: 'The system said', words: 'operation timed out' });
  if (id === 'agent-code' && settings.get('scanagent_code') === 'wrong') return problem('agent-code-unknown', {}, 'needs-person');
  if (id === 'scan-server' && wrong.has('server-token')) {
    return problem('server-token-rejected', { words: 'Invalid authorization token' }, 'needs-person', undefined, serverSaid('Invalid authorization token'));
  }
  if (id === 'privileges' && wrong.has('privileges')) return problem('nmap-unprivileged', {}, 'notice');
  return null;
}
