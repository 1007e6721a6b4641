import type { notices as en } from '../en/notices';
import { count } from './tools';

export const notices: typeof en = {
  title: 'Meldungen',
  headline: (many) => (many === 0 ? 'Noch war nichts zu melden.' : `${count(many, 'neuere Meldung', 'neuere Meldungen')}.`),
  below: 'Was Fieldscan außerhalb dieses Fensters gemeldet hat. Welche Ereignisse es meldet, steht unter Einstellungen, Benachrichtigungen.',
  none: 'Wird ein Host unbekannt, vermisst oder abweichend, ein Bericht abgelehnt oder bleibt phpIPAM unerreichbar, so steht es hier und kommt als Benachrichtigung.',
  toSettings: 'Benachrichtigungen einstellen',
};
