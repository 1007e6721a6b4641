// What a step of “Test everything” found where all is well. The agent sends a code with facts.

import type { SecretSource } from '../../host/types';
import type { FoundCatalogue } from '../found.svelte';
import { count, n } from './tools';

const places: Record<SecretSource, string> = {
  environment: 'from the environment',
  'credentials-directory': 'from the credentials directory',
  keychain: 'from the keychain',
};

export const found: FoundCatalogue = {
  complete: () => 'All that is needed is set',
  secrets: ({ secret, source, auth_token }) =>
    `${secret === 'client_token' ? 'API token' : 'Password'} ${places[source]}; ${auth_token === null ? 'no token for the scan server' : `the scan server’s token ${places[auth_token]}`}`,
  answers: ({ url, port }) => (port === null ? url : `${url}, port ${port}`),
  trusted: () => 'It is trusted',
  'not-needed': () => 'None is needed: phpIPAM is on this computer',
  accepted: () => 'phpIPAM takes it',
  agent: ({ id, name }) => `${name} (agent ${id})`,
  subnets: ({ assigned, scanned }) => `${count(assigned, 'subnet', 'subnets')}${scanned < assigned ? `, ${n(scanned)} of them scanned; the overview says why not the others` : ''}`,
  server: ({ host, port }) => `${host}, port ${port}`,
  nmap: ({ version, path }) => `${version}, ${path}`,
  raw: () => 'It sends raw packets itself',
  helper: ({ path }) => `It sends raw packets through ${path}`,
  clock: ({ apart }) => (apart <= 1 ? 'As the servers’' : `${n(apart)} s from the servers’`),
};
