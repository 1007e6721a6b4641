// What happened, and what to do in this window. One entry for each code of `Problem` in the agent.

import type { Refused } from '../../host/types';
import { format } from '../index.svelte';
import type { ProblemCatalogue } from '../problem.svelte';
import { count, n } from './tools';

const PLACES: Record<string, string> = {
  api_url: ' It is phpIPAM’s address as in a browser, without /api.',
  client_name: ' phpIPAM shows it as App id under Administration → API.',
  client_token: ' phpIPAM shows it as App code under Administration → API.',
  client_user: ' It is needed only for apps with the security “SSL with User token”.',
  client_password: ' It is needed only for apps with the security “SSL with User token”.',
  scanagent_code: ' phpIPAM shows it as Code under Administration → Scan agents.',
  auth_token: ' It is the token that the scan server was started with.',
};

const placeOf = (key: string) => PLACES[key] ?? '';

/** Why a subnet is refused, and what mends it. */
export function refused(why: Refused): string {
  switch (why.refusal) {
    case 'not-a-network':
      return 'What phpIPAM gives for it is not a network address with its mask. Correct the subnet in phpIPAM.';
    case 'public':
      return 'It reaches outside the private ranges. If it is your own, allow it under Settings, Scanning.';
    case 'not-unicast':
      return 'It holds addresses that no host can have (multicast, broadcast or unspecified). Correct the subnet in phpIPAM.';
    case 'large':
      return `It has ${n(why.addresses)} addresses. To scan subnets of this size, allow large subnets under Settings, Scanning.`;
    case 'too-large':
      return `It has ${n(why.addresses)} addresses, which is more than is ever swept. Divide it into smaller subnets in phpIPAM.`;
    case 'duplicate':
      return `phpIPAM assigns the same network twice: subnet ${why.of} is scanned instead. Take one of them from this scan agent in phpIPAM.`;
    case 'overlaps':
      return `It overlaps subnet ${why.with}, which is scanned instead. Put one inside the other in phpIPAM, or take one of them from this scan agent.`;
  }
}

export const problems: ProblemCatalogue = {
  'setting-missing': ({ key }) => ({ what: `The setting \`${key}\` has no value.`, remedy: `Fill it in under Settings.${placeOf(key)}` }),
  'settings-invalid': () => ({ what: 'The settings can’t be used.', remedy: 'Correct what is marked; nothing in the file was changed.' }),
  'secret-missing': ({ name }) => ({ what: `The secret \`${name}\` is not set.`, remedy: `Set it under Settings.${placeOf(name)}` }),
  'secret-unreadable': ({ name }) => ({
    what: `The secret \`${name}\` can’t be read from where it is kept.`,
    remedy: 'Correct the file or variable, or set the secret anew under Settings.',
  }),
  'keychain-unavailable': () => ({
    what: 'The system’s keychain can’t be used.',
    remedy: 'Unlock it or start it, then try again. Tokens are kept nowhere else.',
  }),

  'ipam-unreachable': () => ({
    what: 'phpIPAM can’t be reached.',
    remedy: 'It is tried again by itself; until then scans use what phpIPAM told before. If this lasts, check the network and the URL.',
  }),
  'ipam-certificate': () => ({
    what: 'phpIPAM’s certificate is not trusted.',
    remedy: 'Have the system trust the authority that signed it, or name its certificate under Settings.',
  }),
  'ipam-insecure': () => ({ what: 'The token would go to phpIPAM unencrypted.', remedy: 'Nothing was sent. Use a URL that begins with https.' }),
  'ipam-token-rejected': () => ({
    what: 'phpIPAM doesn’t take the token.',
    remedy: 'Copy the App code of this app in phpIPAM (Administration → API) and replace the token under Settings. The app needs at least read permission.',
  }),
  'ipam-token-of-other-app': () => ({
    what: 'The token belongs to another app of phpIPAM.',
    remedy: 'Set the App id that the token belongs to, or replace the token with that app’s App code (phpIPAM: Administration → API).',
  }),
  'ipam-app-unknown': () => ({
    what: 'phpIPAM doesn’t know the app.',
    remedy: 'Set the App id as phpIPAM shows it under Administration → API, upper and lower case included.',
  }),
  'ipam-api-off': () => ({
    what: 'phpIPAM refuses this kind of connection.',
    remedy: 'Switch the API on (phpIPAM: Administration → phpIPAM settings), and give the app the security “SSL with App code token” (Administration → API).',
  }),
  'ipam-blocked': () => ({
    what: 'phpIPAM blocks this computer after failed log-ins.',
    remedy: 'It lets it in again after some minutes, and it is tried again by itself. If this comes back, correct the user name and its password.',
  }),
  'ipam-not-found': () => ({
    what: 'What answers is not phpIPAM’s API.',
    remedy: 'Set the URL to phpIPAM’s address as in a browser, without /api and what follows. A log-in page of the network can also be in between.',
  }),
  'ipam-failing': ({ status }) => ({
    what: `phpIPAM’s server fails (HTTP status ${status}).`,
    remedy: 'It is tried again by itself, and what phpIPAM told before is kept. If this lasts, look into the logs of its web server and of PHP.',
  }),
  'ipam-not-understood': () => ({
    what: 'phpIPAM’s answer can’t be read.',
    remedy: 'What phpIPAM told before is kept. If this lasts, export the diagnostics under Settings, Logs, and send them to the developers.',
  }),
  'agent-code-unknown': () => ({
    what: 'phpIPAM has no scan agent with this code.',
    remedy: 'Copy the agent’s Code in phpIPAM (Administration → Scan agents) and set it under Settings. Upper and lower case matter.',
  }),
  'nothing-assigned': () => ({
    what: 'phpIPAM assigns no subnet to this scan agent.',
    remedy: 'Choose this agent as Scan agent in a subnet’s settings in phpIPAM, then refresh.',
  }),
  'not-assigned': ({ network }) => ({
    what: `${network} is not a subnet that phpIPAM assigns to this scan agent.`,
    remedy: 'Assign it in phpIPAM, then refresh.',
  }),
  'subnet-gone': ({ subnet }, name) => ({
    what: `${name(subnet)} no longer exists in phpIPAM.`,
    remedy: 'It is no longer scanned. Nothing is to be done if that was meant.',
  }),
  'addresses-unknown': ({ subnet }, name) => ({
    what: `phpIPAM has never told the addresses of ${name(subnet)}.`,
    remedy: 'It is not scanned, since some of its addresses may be excluded. It is scanned as soon as phpIPAM can be asked.',
  }),
  'subnet-refused': ({ cidr, refusal }) => ({ what: `${cidr || 'A subnet without a network'} is not scanned.`, remedy: refused(refusal) }),

  'nmap-missing': () => ({
    what: 'nmap is not installed, so nothing can be scanned.',
    remedy: 'Install it: `apt install nmap`, `dnf install nmap` or `brew install nmap`; for Windows from nmap.org. The last results are still shown.',
  }),
  'nmap-unusable': ({ path, program }) => ({
    what: program ? `${path} is not nmap.` : `There is no ${path}.`,
    remedy: 'Start Fieldscan with another nmap, or without naming one, to have the first one in PATH.',
  }),
  'nmap-too-old': ({ found, needed }) => ({ what: `nmap ${found} is too old.`, remedy: `Install version ${needed} or newer.` }),
  'nmap-unprivileged': () => ({
    what: 'nmap may not send raw packets.',
    remedy: 'Scans work, but find fewer hosts and no MACs. Settings, Scanning says how to enable it.',
  }),
  'nmap-failed': ({ subnet }, name) => ({
    what: `nmap failed while it scanned ${name(subnet)}.`,
    remedy: 'Nothing was reported for it. It is scanned again in the next run.',
  }),
  'nmap-hung': ({ subnet }, name) => ({
    what: `nmap said nothing for too long while it scanned ${name(subnet)}, and was stopped.`,
    remedy: 'Nothing was reported for it. It is scanned again in the next run.',
  }),
  'everybody-up': (facts, name) => ({
    what: `${n(facts.up)} of ${n(facts.of)} addresses of ${name(facts.subnet)} seem to be up, ${'mac' in facts ? `nearly all with the MAC ${String(facts.mac)}: a router probably answers ARP for everybody` : 'all by TCP resets: a firewall probably answers for everybody'}.`,
    remedy: `The scan is held back and nothing was reported for it. Scan it from a place that no such device lies before, or, if they are really up, accept ${facts.cidr} under Settings, Scanning.`,
  }),
  'no-route': ({ subnet }, name) => ({
    what: `This computer has no route to ${name(subnet)}.`,
    remedy: 'Nothing was reported for it. Connect the network or VPN that it lies in; it is scanned again in the next run.',
  }),

  'server-unreachable': () => ({
    what: 'The scan server can’t be reached.',
    remedy: 'Reports wait and are sent by themselves when it is back. If this lasts, check the network, the URL and the port.',
  }),
  'server-certificate': () => ({
    what: 'The scan server’s certificate is not trusted.',
    remedy: 'Reports wait. Have the system trust the authority that signed it, or name its certificate under Settings.',
  }),
  'server-insecure': () => ({
    what: 'The token would go to the scan server unencrypted.',
    remedy: 'Nothing was sent, and reports are kept. Use a URL that begins with https, or a scan server on this computer.',
  }),
  'server-token-rejected': () => ({
    what: 'The scan server doesn’t take the token.',
    remedy: 'Reports are kept. Replace the scan server’s token under Settings; they are then sent again.',
  }),
  'report-rejected': ({ report, status, words }) => ({
    what: `The scan server refused report ${report} (HTTP status ${status}).`,
    remedy: `The report is kept. ${words === '' ? 'Fix the cause' : 'Mend what the server’s words tell'}, then send it again.`,
  }),
  'report-damaged': ({ report }) => ({
    what: `Report ${report} is damaged in the database, so it is not sent.`,
    remedy: 'Scan the subnet again: the new report tells what this one would have told.',
  }),
  'server-failing': ({ status }) => ({
    what: `The scan server fails (HTTP status ${status}).`,
    remedy: 'Reports wait and are sent again by themselves. If this lasts, look into the scan server’s log.',
  }),
  'report-partly': ({ report, missing, of }) => ({
    what: `${n(missing)} of the ${count(of, 'host', 'hosts')} in report ${report} can’t be seen in phpIPAM.`,
    remedy: 'Open the report to see which. Then send it again, or wait for the next scan.',
  }),
  'report-unconfirmed': ({ report }) => ({
    what: `Nothing of report ${report} can be seen in phpIPAM.`,
    remedy: 'Open the report to see the likely causes, then send it again.',
  }),

  'clock-off': ({ ahead, offset }) => ({
    what: `This computer’s clock is ${format().duration(Math.abs(ahead) * 1_000)} ${ahead >= 0 ? 'ahead of' : 'behind'} the servers’.`,
    remedy: `Set the clock, or correct for it: set the time offset to ${offset} s under Settings.`,
  }),
  'disk-full': () => ({ what: 'The disk is full.', remedy: 'No new scan can be kept; what was accepted before is intact. Make room, and scans go on by themselves.' }),
  'store-set-aside': ({ path }) => ({
    what: 'The database was damaged, and a new one was begun.',
    remedy: `The damaged file is kept as ${path}. History and waiting reports from before are only in there.`,
  }),
  'store-failing': () => ({ what: 'The database can’t be read or written.', remedy: 'Check the permissions and the disk of the data folder.' }),
  'store-held': ({ program, pid }) => ({ what: `Another process is at work on this data: ${program} (process ${pid}).`, remedy: 'This one goes on by itself once the other has ended.' }),
  'store-newer': ({ path }) => ({ what: `${path} was written by a newer Fieldscan.`, remedy: 'Install that version. The database was left as it is.' }),
  'agent-ended': () => ({ what: 'The agent ended by a fault of its own, and was started again.', remedy: 'What was accepted before is in the database. Please export the diagnostics under Settings, Logs, and report it to the developers.' }),
  'schedule-invalid': () => ({ what: 'The schedule names no time.', remedy: 'Set an interval such as `30 min`, a cron expression such as `0 6 * * *`, or `off`, under Settings.' }),
};
