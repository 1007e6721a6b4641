import type { NoticeCounts } from '../../host/types';
import type { notices as en } from '../en/notices';
import { format } from '../index.svelte';
import { asTitle, type NoticeCatalogue } from '../notice.svelte';
import { problemWords, saidOf } from '../problem.svelte';
import { count, n } from './tools';

const SEE = 'Öffnen Sie die Meldung, um zu sehen, was zu tun ist.';
const STALE = ' Nach dem, was phpIPAM früher sagte: Es war nicht zu erreichen.';

const stale = (is: boolean) => (is ? STALE : '');
const reportsWait = (many: number) => count(many, 'Bericht wartet', 'Berichte warten');
const noneIsLost = (many: number) => (many === 0 ? '' : ` ${reportsWait(many)}, keiner geht verloren.`);
const andMore = (named: readonly string[], more: number) => named.join(', ') + (more === 0 ? '' : ` und ${n(more)} weitere`);
const long = (hours: number) => (hours < 48 ? count(hours, 'Stunde', 'Stunden') : count(Math.floor(hours / 24), 'Tag', 'Tagen'));
const countsOf = ({ unknown, missing, mismatch }: NoticeCounts) => [unknown && `${n(unknown)} unbekannt`, missing && `${n(missing)} vermisst`, mismatch && `${n(mismatch)} abweichend`].filter(Boolean).join(', ');

const HOST = {
  unknown: ['Neuer unbekannter Host', 'Er steht nicht in phpIPAM.'],
  missing: ['Host vermisst', 'Er steht in phpIPAM und wurde mehrmals hintereinander nicht gesehen.'],
  mismatch: ['Host weicht von phpIPAM ab', 'MAC oder Hostname sind nicht wie dokumentiert.'],
} as const;
const KINDS = { unknown: 'Unbekannt', missing: 'Vermisst', mismatch: 'Abweichend' };

const tells: NoticeCatalogue = {
  host: ({ what, ip, name, place, stale: is }) => ({ title: HOST[what][0], text: `${ip}${name === null ? '' : `, ${name}`}, in ${place}. ${HOST[what][1]}${stale(is)}` }),
  hosts: ({ place, kinds, stale: is }) => {
    const many = (what: keyof typeof KINDS) => kinds.filter((kind) => kind.what === what).reduce((sum, kind) => sum + kind.ips.length + kind.more, 0);
    const counts = { unknown: many('unknown'), missing: many('missing'), mismatch: many('mismatch') };
    return { title: `${place}: ${countsOf(counts)}`, text: kinds.map(({ what, ips, more }) => `${KINDS[what]}: ${andMore(ips, more)}.`).join(' ') + stale(is) };
  },
  subnets: ({ many, counts, named, stale: is }) => ({
    title: `${count(many, 'Subnetz', 'Subnetze')}: ${countsOf(counts)}`,
    text: `${named.map((one) => `${one.place}: ${countsOf(one.counts)}`).join('; ')}${many > named.length ? `; und ${count(many - named.length, 'weiteres Subnetz', 'weitere Subnetze')}` : ''}.${stale(is)}`,
  }),
  problem: ({ problem, waiting }, { name }) => ({ title: asTitle(problemWords(problem, name).what), text: `${waiting === 0 ? '' : `${reportsWait(waiting)} darauf, keiner geht verloren. `}${SEE}` }),
  unscanned: ({ many, problems }, { name }) => {
    const all = problems.map((problem) => problemWords(problem, name).what);
    return many === 1 ? { title: asTitle(all[0] ?? ''), text: SEE } : { title: count(many, 'Subnetz konnte nicht gescannt werden', 'Subnetze konnten nicht gescannt werden'), text: `${all.join(' ')} ${SEE}` };
  },
  report: ({ problem, place, created_at }, { name, at }) => {
    const titles: Partial<Record<typeof problem.code, string>> = { 'report-rejected': 'Bericht abgelehnt', 'report-damaged': 'Bericht beschädigt', 'report-partly': 'Bericht nur teilweise in phpIPAM' };
    const said = saidOf(problem);
    const of = [place, created_at === null ? null : format().when(created_at, at)].filter((one) => one !== null).join(', ');
    return {
      title: titles[problem.code] ?? 'Bericht in phpIPAM nicht zu sehen',
      text: `${of === '' ? '' : `${of}: `}${problemWords(problem, name).what}${said ? ` Der Server sagte: „${said.words}“.` : ''} ${SEE}`,
    };
  },
  reports: ({ many, rejected, places, more }) => ({
    title: rejected ? count(many, 'Bericht abgelehnt', 'Berichte abgelehnt') : count(many, 'Bericht ist anzusehen', 'Berichte sind anzusehen'),
    text: `${places.length === 0 ? '' : `${andMore(places, more)}. `}Sie werden aufgehoben. ${SEE}`,
  }),
  offline: ({ hours, waiting, ipam_at }, { at }) => ({
    title: `Seit ${long(hours)} offline`,
    text: (ipam_at === null ? 'Gescannt werden kann erst, wenn phpIPAM seine Subnetze genannt hat.' : `Scans gehen weiter mit Daten von ${format().when(ipam_at, at)}.`) + noneIsLost(waiting),
  }),
  'server-away': ({ hours, waiting }) => ({ title: `Scan-Server seit ${long(hours)} nicht erreichbar`, text: `Scans gehen weiter.${noneIsLost(waiting)}` }),
  arrived: ({ reports, offline_s }) => ({
    title: count(reports, 'Bericht ist in phpIPAM angekommen', 'Berichte sind in phpIPAM angekommen'),
    text: `Dauer ohne Verbindung: ${format().duration(Math.floor(offline_s / 60) * 60_000)}.`,
  }),
};

export const notices: typeof en = {
  tells,
  title: 'Meldungen',
  headline: (many) => (many === 0 ? 'Noch war nichts zu melden.' : many === 1 ? 'Die letzte Meldung.' : `Die letzten ${n(many)} Meldungen.`),
  below: 'Was Fieldscan außerhalb dieses Fensters gemeldet hat. Welche Ereignisse es meldet, steht unter Einstellungen, Benachrichtigungen.',
  none: 'Wird ein Host unbekannt, vermisst oder abweichend, ein Bericht abgelehnt oder bleibt phpIPAM unerreichbar, so steht es hier und kommt als Benachrichtigung.',
  toSettings: 'Benachrichtigungen einstellen',
};
