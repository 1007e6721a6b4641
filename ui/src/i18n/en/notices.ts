import type { NoticeCounts } from '../../host/types';
import { format } from '../index.svelte';
import { asTitle, type NoticeCatalogue } from '../notice.svelte';
import { problemWords, saidOf } from '../problem.svelte';
import { count, n } from './tools';

const SEE = 'Open it to see what to do.';
const STALE = ' By what phpIPAM told before: it could not be asked.';

const stale = (is: boolean) => (is ? STALE : '');
const reportsWait = (many: number) => count(many, 'report waits', 'reports wait');
const noneIsLost = (many: number) => (many === 0 ? '' : ` ${reportsWait(many)}, none is lost.`);
const andMore = (named: readonly string[], more: number) => named.join(', ') + (more === 0 ? '' : ` and ${n(more)} more`);
const long = (hours: number) => (hours < 48 ? count(hours, 'hour', 'hours') : count(Math.floor(hours / 24), 'day', 'days'));
const countsOf = ({ unknown, missing, mismatch }: NoticeCounts) =>
  [unknown && `${n(unknown)} unknown`, missing && `${n(missing)} missing`, mismatch && count(mismatch, 'mismatch', 'mismatches')].filter(Boolean).join(', ');

const HOST = {
  unknown: ['New unknown host', 'It is not in phpIPAM.'],
  missing: ['Host missing', 'It is in phpIPAM, and was not seen several times in a row.'],
  mismatch: ['Host differs from phpIPAM', 'Its MAC or host name is not the documented one.'],
} as const;
const KINDS = { unknown: 'Unknown', missing: 'Missing', mismatch: 'Mismatch' };

const tells: NoticeCatalogue = {
  host: ({ what, ip, name, place, stale: is }) => ({ title: HOST[what][0], text: `${ip}${name === null ? '' : `, ${name}`}, at ${place}. ${HOST[what][1]}${stale(is)}` }),
  hosts: ({ place, kinds, stale: is }) => {
    const many = (what: keyof typeof KINDS) => kinds.filter((kind) => kind.what === what).reduce((sum, kind) => sum + kind.ips.length + kind.more, 0);
    const counts = { unknown: many('unknown'), missing: many('missing'), mismatch: many('mismatch') };
    return { title: `${place}: ${countsOf(counts)}`, text: kinds.map(({ what, ips, more }) => `${KINDS[what]}: ${andMore(ips, more)}.`).join(' ') + stale(is) };
  },
  subnets: ({ many, counts, named, stale: is }) => ({
    title: `${count(many, 'subnet', 'subnets')}: ${countsOf(counts)}`,
    text: `${named.map((one) => `${one.place}: ${countsOf(one.counts)}`).join('; ')}${many > named.length ? `; and ${count(many - named.length, 'subnet more', 'subnets more')}` : ''}.${stale(is)}`,
  }),
  problem: ({ problem, waiting }, { name }) => ({ title: asTitle(problemWords(problem, name).what), text: `${waiting === 0 ? '' : `${reportsWait(waiting)} for it, none is lost. `}${SEE}` }),
  unscanned: ({ many, problems }, { name }) => {
    const all = problems.map((problem) => problemWords(problem, name).what);
    return many === 1 ? { title: asTitle(all[0] ?? ''), text: SEE } : { title: count(many, 'subnet could not be scanned', 'subnets could not be scanned'), text: `${all.join(' ')} ${SEE}` };
  },
  report: ({ problem, place, created_at }, { name, at }) => {
    const titles: Partial<Record<typeof problem.code, string>> = { 'report-rejected': 'Report rejected', 'report-damaged': 'Report damaged', 'report-partly': 'Report only partly in phpIPAM' };
    const said = saidOf(problem);
    const of = [place, created_at === null ? null : format().when(created_at, at)].filter((one) => one !== null).join(', ');
    return {
      title: titles[problem.code] ?? 'Report not seen in phpIPAM',
      text: `${of === '' ? '' : `${of}: `}${problemWords(problem, name).what}${said ? ` The server said: “${said.words}”.` : ''} ${SEE}`,
    };
  },
  reports: ({ many, rejected, places, more }) => ({
    title: rejected ? count(many, 'report rejected', 'reports rejected') : count(many, 'report needs a look', 'reports need a look'),
    text: `${places.length === 0 ? '' : `${andMore(places, more)}. `}They are kept. ${SEE}`,
  }),
  offline: ({ hours, waiting, ipam_at }, { at }) => ({
    title: `Offline for ${long(hours)}`,
    text: (ipam_at === null ? 'Nothing can be scanned until phpIPAM has told its subnets.' : `Scans go on with data from ${format().when(ipam_at, at)}.`) + noneIsLost(waiting),
  }),
  'server-away': ({ hours, waiting }) => ({ title: `Scan server unreachable for ${long(hours)}`, text: `Scans go on.${noneIsLost(waiting)}` }),
  arrived: ({ reports, offline_s }) => ({
    title: count(reports, 'report has arrived in phpIPAM', 'reports have arrived in phpIPAM'),
    text: `After ${format().duration(Math.floor(offline_s / 60) * 60_000)} offline.`,
  }),
};

export const notices = {
  tells,
  title: 'Notices',
  headline: (many: number) => (many === 0 ? 'Nothing had to be told yet.' : `${count(many, 'recent notice', 'recent notices')}.`),
  below: 'What Fieldscan told outside this window. Which events it tells is set under Settings, Notifications.',
  none: 'When a host becomes unknown, missing or mismatched, a report is rejected, or phpIPAM stays out of reach, it is told here and as a notification.',
  toSettings: 'Notification settings',
};
