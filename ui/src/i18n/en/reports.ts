import type { Cause } from '../../host/types';
import { count, n } from './tools';

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const suffixes: Record<string, string> = { one: 'st', two: 'nd', few: 'rd' };
const ordinal = (value: number) => `${n(value)}${suffixes[ordinals.select(value)] ?? 'th'}`;

const causes: Record<Cause, string> = {
  'server-restarted': 'The scan server was restarted and lost what it had taken. Send the report again.',
  'server-busy': 'The scan server is still busy with earlier reports. Wait, or send fewer at a time.',
  'server-elsewhere': 'The scan server writes into another phpIPAM, or can’t write. Look into its log and its settings.',
  'not-assigned': 'The scan server doesn’t know this agent’s code for this subnet. Compare the code in Settings with the subnet’s Scan agent in phpIPAM.',
  'rows-changed': 'Addresses were changed in phpIPAM between the scan and the report. The next scan mends it.',
  'stale-addresses': 'The report was made from addresses that were out of date. The next scan mends it once phpIPAM can be reached.',
};

export const reports = {
  stations: {
    queued: 'Queued',
    sent: 'Sent',
    confirmed: 'Confirmed',
    partly: 'Partly',
    unconfirmed: 'Unconfirmed',
    rejected: 'Rejected',
    superseded: 'Not sent',
  },
  nextTryIn: (countdown: string) => `next try in ${countdown}`,
  notSeenYet: 'not seen yet',

  /** Put together with commas to one sentence. */
  headline: {
    waiting: (many: number) => count(many, 'report waits', 'reports wait'),
    sent: (many: number, first: boolean) => (first ? count(many, 'report is not confirmed yet', 'reports are not confirmed yet') : count(many, 'is not confirmed yet', 'are not confirmed yet')),
    rejected: (many: number, first: boolean) => (first ? count(many, 'report was rejected', 'reports were rejected') : count(many, 'was rejected', 'were rejected')),
    doubtful: (many: number, first: boolean) => (first ? count(many, 'report was not fully seen in phpIPAM', 'reports were not fully seen in phpIPAM') : count(many, 'was not fully seen in phpIPAM', 'were not fully seen in phpIPAM')),
    allConfirmed: 'phpIPAM has been told: all reports are confirmed.',
    settled: 'phpIPAM has been told: nothing is open.',
    none: 'No report was made yet.',
  },
  nothingLost: 'Nothing is lost: reports stay here until phpIPAM has them.',
  nextTry: (countdown: string, which: number) => `Next try in ${countdown}, the ${ordinal(which)}.`,
  triedNow: 'It is being tried now.',
  allConfirmedWhy: 'Confirmed means that what was sent has been seen in phpIPAM afterwards.',
  noneWhy: 'Each scanned subnet is reported to the scan server, which writes it into phpIPAM. After the first scan, the reports are here.',
  sendNow: 'Send now',
  sendAgain: 'Send again',

  filters: { open: 'Open', waiting: 'Waiting', sent: 'Sent', rejected: 'Rejected', doubtful: 'Not fully seen', all: 'All' },
  filter: 'Show',
  list: 'Reports',
  confirmedLately: 'Confirmed lately',
  nothingOpen: 'Nothing is open. Every report that was sent was seen in phpIPAM.',
  settled: 'Nothing is open: where a report was not fully seen in phpIPAM, a newer one of its subnet was.',
  nothingHere: 'No report is in this state.',
  ofRun: (when: string) => `Scan ${when}`,
  hosts: (many: number) => count(many, 'host', 'hosts'),
  part: (part: number, parts: number) => `part ${n(part)} of ${n(parts)}`,
  number: (id: number) => `report ${id}`,
  stale: 'made from phpIPAM data that was out of date',
  choose: 'Choose a report to see its journey, and what is sent.',
  backToList: 'All reports',
  gone: 'This report is no longer kept.',
  heading: (state: string, subnet: string) => `${state}: ${subnet}`,

  states: {
    queued: 'It is sent as soon as its turn comes.',
    waiting: (tries: number) => `Tried ${count(tries, 'time', 'times')}. It stays here until phpIPAM has it.`,
    sent: (by: string) => `The scan server took it. It should be seen in phpIPAM by ${by}.`,
    confirmed: 'Seen in phpIPAM.',
    partly: (missing: number, hosts: number) => `${n(missing)} of ${count(hosts, 'host', 'hosts')} can’t be seen in phpIPAM.`,
    unconfirmed: 'The scan server took it, but nothing of it can be seen in phpIPAM.',
    superseded: (by: number) => `Report ${by} tells the same, and is newer.`,
  },
  causes,
  missingHosts: 'Not seen in phpIPAM',
  journey: 'Journey',
  events: {
    queued: 'Queued',
    failed: 'Could not be sent',
    sent: (status: number) => `Sent; the server answered with HTTP status ${status}`,
    sentWithout: (status: number, leftOut: number) => `Sent without ${count(leftOut, 'host', 'hosts')} that a newer report tells of; the server answered with HTTP status ${status}`,
    confirmed: 'Confirmed: all of it seen in phpIPAM',
    partly: 'Some hosts were not seen in phpIPAM in the expected time',
    unconfirmed: 'Nothing was seen in phpIPAM in the expected time',
    rejected: 'Rejected',
    superseded: 'Not sent: a newer report tells all of it',
    retried: 'To be tried again, as asked',
  },
  tries: (many: number) => count(many, 'time', 'times'),
  whatIsSent: 'What is sent',
  masked: 'The agent’s code is left out here.',
  viewAll: 'View all',
  viewLess: 'View less',
  openSubnet: 'Open the subnet',
};
