import type { SecretSource } from '../../host/types';
import type { FoundCatalogue } from '../found.svelte';
import { count, n } from './tools';

const places: Record<SecretSource, string> = {
  environment: 'aus der Umgebung',
  'credentials-directory': 'aus dem Verzeichnis für Zugangsdaten',
  keychain: 'aus dem Schlüsselbund',
};

export const found: FoundCatalogue = {
  complete: () => 'Alles Nötige ist gesetzt',
  secrets: ({ secret, source, auth_token }) =>
    `${secret === 'client_token' ? 'API-Token' : 'Passwort'} ${places[source]}; ${auth_token === null ? 'kein Token für den Scan-Server' : `Token des Scan-Servers ${places[auth_token]}`}`,
  answers: ({ url, port }) => (port === null ? url : `${url}, Port ${port}`),
  trusted: () => 'Ihm wird vertraut',
  'not-needed': () => 'Keines nötig: phpIPAM ist auf diesem Computer',
  accepted: () => 'phpIPAM nimmt es an',
  agent: ({ id, name }) => `${name} (Agent ${id})`,
  subnets: ({ assigned, scanned }) => `${count(assigned, 'Subnetz', 'Subnetze')}${scanned < assigned ? `, davon ${n(scanned)} gescannt; die Übersicht sagt, warum die anderen nicht` : ''}`,
  server: ({ host, port }) => `${host}, Port ${port}`,
  nmap: ({ version, path }) => `${version}, ${path}`,
  raw: () => 'Es sendet rohe Pakete selbst',
  helper: ({ path }) => `Es sendet rohe Pakete über ${path}`,
  clock: ({ apart }) => (apart <= 1 ? 'Wie die der Server' : `${n(apart)} s neben der der Server`),
};
