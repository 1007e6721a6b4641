import type { setup as en } from '../en/setup';

export const setup: typeof en = {
  steps: {
    settings: { title: 'Einstellungen', question: 'Ist alles ausgefüllt?' },
    keychain: { title: 'Tokens', question: 'Liegen sie im Schlüsselbund?' },
    reachable: { title: 'phpIPAM antwortet', question: 'Antwortet etwas unter der URL?' },
    tls: { title: 'Sein Zertifikat', question: 'Wird ihm vertraut?' },
    token: { title: 'Sein Token', question: 'Nimmt phpIPAM es an?' },
    'agent-code': { title: 'Scan-Agent gefunden', question: 'Kennt phpIPAM den Code?' },
    subnets: { title: 'Zugewiesene Subnetze', question: 'Gibt es welche zu scannen?' },
    'scan-server': { title: 'Scan-Server', question: 'Antwortet er und nimmt er das Token an?' },
    nmap: { title: 'nmap', question: 'Ist es da, und neu genug?' },
    privileges: { title: 'Rechte', question: 'Darf es rohe Pakete senden?' },
    clock: { title: 'Uhr', question: 'Stimmt sie mit den Servern überein?' },
  },
  trying: 'Wird versucht …',
  needsStep: (step) => `Nicht versucht, braucht „${step}“`,
};
