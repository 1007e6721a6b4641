// Was geschah und was in diesem Fenster zu tun ist.

import type { Refused } from '../../host/types';
import { format } from '../index.svelte';
import type { ProblemCatalogue } from '../problem.svelte';
import { count, n } from './tools';

const PLACES: Record<string, string> = {
  api_url: ' Das ist die Adresse von phpIPAM wie im Browser, ohne /api.',
  client_name: ' phpIPAM zeigt ihn als „App id“ unter Administration → API.',
  client_token: ' phpIPAM zeigt es als „App code“ unter Administration → API.',
  client_user: ' Nur für Apps mit der Sicherheit „SSL with User token“ nötig.',
  client_password: ' Nur für Apps mit der Sicherheit „SSL with User token“ nötig.',
  scanagent_code: ' phpIPAM zeigt ihn als „Code“ unter Administration → Scan agents.',
  auth_token: ' Es ist das Token, mit dem der Scan-Server gestartet wurde.',
};

const placeOf = (key: string) => PLACES[key] ?? '';

/** Weshalb ein Subnetz abgelehnt wird und was dagegen hilft. */
export function refused(why: Refused): string {
  switch (why.refusal) {
    case 'not-a-network':
      return 'Was phpIPAM dafür nennt, ist keine Netzadresse mit ihrer Maske. Berichtigen Sie das Subnetz in phpIPAM.';
    case 'public':
      return 'Es reicht über die privaten Bereiche hinaus. Gehört es Ihnen, erlauben Sie es unter Einstellungen, Scannen.';
    case 'not-unicast':
      return 'Es enthält Adressen, die kein Host haben kann (Multicast, Broadcast oder unbestimmt). Berichtigen Sie das Subnetz in phpIPAM.';
    case 'large':
      return `Es hat ${n(why.addresses)} Adressen. Erlauben Sie große Subnetze unter Einstellungen, Scannen, um es zu scannen.`;
    case 'too-large':
      return `Es hat ${n(why.addresses)} Adressen, mehr als je abgesucht wird. Teilen Sie es in phpIPAM in kleinere Subnetze.`;
    case 'duplicate':
      return `phpIPAM weist dasselbe Netz zweimal zu: Gescannt wird Subnetz ${why.of}. Nehmen Sie diesem Scan-Agenten in phpIPAM eines davon.`;
    case 'overlaps':
      return `Es überlappt Subnetz ${why.with}, das stattdessen gescannt wird. Legen Sie in phpIPAM eines in das andere, oder nehmen Sie diesem Scan-Agenten eines davon.`;
  }
}

export const problems: ProblemCatalogue = {
  'setting-missing': ({ key }) => ({ what: `Die Einstellung \`${key}\` hat keinen Wert.`, remedy: `Tragen Sie ihn unter Einstellungen ein.${placeOf(key)}` }),
  'settings-invalid': () => ({ what: 'Die Einstellungen sind nicht brauchbar.', remedy: 'Berichtigen Sie, was markiert ist; in der Datei wurde nichts geändert.' }),
  'secret-missing': ({ name }) => ({ what: `Das Geheimnis \`${name}\` ist nicht gesetzt.`, remedy: `Setzen Sie es unter Einstellungen.${placeOf(name)}` }),
  'secret-unreadable': ({ name }) => ({
    what: `Das Geheimnis \`${name}\` ist dort, wo es liegt, nicht lesbar.`,
    remedy: 'Berichtigen Sie die Datei oder Variable, oder setzen Sie es unter Einstellungen neu.',
  }),
  'keychain-unavailable': () => ({
    what: 'Der Schlüsselbund des Systems ist nicht benutzbar.',
    remedy: 'Entsperren oder starten Sie ihn und versuchen Sie es erneut. Tokens liegen nirgends sonst.',
  }),

  'ipam-unreachable': () => ({
    what: 'phpIPAM ist nicht erreichbar.',
    remedy: 'Es wird von selbst wieder versucht; bis dahin gilt beim Scannen, was phpIPAM zuletzt sagte. Falls es anhält, prüfen Sie Netz und URL.',
  }),
  'ipam-certificate': () => ({
    what: 'Dem Zertifikat von phpIPAM wird nicht vertraut.',
    remedy: 'Lassen Sie das System der Stelle vertrauen, die es ausgestellt hat, oder nennen Sie deren Zertifikat unter Einstellungen.',
  }),
  'ipam-insecure': () => ({ what: 'Das Token ginge unverschlüsselt an phpIPAM.', remedy: 'Nichts wurde gesendet. Nehmen Sie eine URL, die mit https beginnt.' }),
  'ipam-token-rejected': () => ({
    what: 'phpIPAM nimmt das Token nicht an.',
    remedy: 'Kopieren Sie in phpIPAM den „App code“ dieser App (Administration → API) und ersetzen Sie das Token unter Einstellungen. Die App braucht mindestens Leserecht.',
  }),
  'ipam-token-of-other-app': () => ({
    what: 'Das Token gehört zu einer anderen App in phpIPAM.',
    remedy: 'Tragen Sie die „App id“ ein, zu der das Token gehört, oder ersetzen Sie das Token durch deren „App code“ (phpIPAM: Administration → API).',
  }),
  'ipam-app-unknown': () => ({
    what: 'phpIPAM kennt die App nicht.',
    remedy: 'Tragen Sie die „App id“ ein, wie phpIPAM sie unter Administration → API zeigt, auch mit Groß- und Kleinschreibung.',
  }),
  'ipam-api-off': () => ({
    what: 'phpIPAM lehnt diese Art der Verbindung ab.',
    remedy: 'Schalten Sie die API ein (phpIPAM: Administration → phpIPAM settings) und geben Sie der App die Sicherheit „SSL with App code token“ (Administration → API).',
  }),
  'ipam-blocked': () => ({
    what: 'phpIPAM sperrt diesen Computer nach gescheiterten Anmeldungen.',
    remedy: 'Nach einigen Minuten lässt es ihn wieder zu, und es wird von selbst erneut versucht. Kommt es wieder, berichtigen Sie Benutzername und Kennwort.',
  }),
  'ipam-not-found': () => ({
    what: 'Was antwortet, ist nicht die API von phpIPAM.',
    remedy: 'Tragen Sie die Adresse von phpIPAM wie im Browser ein, ohne /api und was folgt. Auch eine Anmeldeseite des Netzes kann dazwischen liegen.',
  }),
  'ipam-failing': ({ status }) => ({
    what: `Der Server von phpIPAM hat einen Fehler (HTTP-Status ${status}).`,
    remedy: 'Es wird von selbst wieder versucht, und was phpIPAM zuletzt sagte, bleibt. Falls es anhält, sehen Sie in die Protokolle des Webservers und von PHP.',
  }),
  'ipam-not-understood': () => ({
    what: 'Die Antwort von phpIPAM ist nicht lesbar.',
    remedy: 'Was phpIPAM zuletzt sagte, bleibt. Falls es anhält, exportieren Sie die Diagnose unter Einstellungen, Protokoll, und senden sie den Entwicklern.',
  }),
  'agent-code-unknown': () => ({
    what: 'phpIPAM hat keinen Scan-Agenten mit diesem Code.',
    remedy: 'Kopieren Sie in phpIPAM den „Code“ des Agenten (Administration → Scan agents) und tragen Sie ihn unter Einstellungen ein. Groß- und Kleinschreibung zählt.',
  }),
  'nothing-assigned': () => ({
    what: 'phpIPAM weist diesem Scan-Agenten kein Subnetz zu.',
    remedy: 'Wählen Sie diesen Agenten in phpIPAM in den Einstellungen eines Subnetzes als „Scan agent“, dann frischen Sie auf.',
  }),
  'not-assigned': ({ network }) => ({
    what: `${network} ist kein Subnetz, das phpIPAM diesem Scan-Agenten zuweist.`,
    remedy: 'Weisen Sie es in phpIPAM zu, dann frischen Sie auf.',
  }),
  'subnet-gone': ({ subnet }, name) => ({
    what: `${name(subnet)} gibt es in phpIPAM nicht mehr.`,
    remedy: 'Es wird nicht mehr gescannt. War das so gemeint, ist nichts zu tun.',
  }),
  'addresses-unknown': ({ subnet }, name) => ({
    what: `phpIPAM hat die Adressen von ${name(subnet)} nie genannt.`,
    remedy: 'Es wird nicht gescannt, denn manche Adressen können ausgenommen sein. Es wird gescannt, sobald phpIPAM antwortet.',
  }),
  'subnet-refused': ({ cidr, refusal }) => ({ what: `${cidr || 'Ein Subnetz ohne Netz'} wird nicht gescannt.`, remedy: refused(refusal) }),

  'nmap-missing': () => ({
    what: 'nmap ist nicht installiert, also kann nicht gescannt werden.',
    remedy: 'Installieren Sie es: `apt install nmap`, `dnf install nmap` oder `brew install nmap`; für Windows von nmap.org. Die letzten Ergebnisse werden weiter gezeigt.',
  }),
  'nmap-unusable': ({ path, program }) => ({
    what: program ? `${path} ist nicht nmap.` : `${path} gibt es nicht.`,
    remedy: 'Starten Sie Fieldscan mit einem anderen nmap, oder ohne eines zu nennen, dann gilt das erste in PATH.',
  }),
  'nmap-too-old': ({ found, needed }) => ({ what: `nmap ${found} ist zu alt.`, remedy: `Installieren Sie Version ${needed} oder neuer.` }),
  'nmap-unprivileged': () => ({
    what: 'nmap darf keine rohen Pakete senden.',
    remedy: 'Scans gehen, finden aber weniger Hosts und keine MACs. Wie man es erlaubt, steht unter Einstellungen, Scannen.',
  }),
  'nmap-failed': ({ subnet }, name) => ({
    what: `nmap ist beim Scannen von ${name(subnet)} gescheitert.`,
    remedy: 'Dafür wurde nichts berichtet. Es wird im nächsten Lauf wieder gescannt.',
  }),
  'nmap-hung': ({ subnet }, name) => ({
    what: `nmap schwieg beim Scannen von ${name(subnet)} zu lange und wurde beendet.`,
    remedy: 'Dafür wurde nichts berichtet. Es wird im nächsten Lauf wieder gescannt.',
  }),
  'everybody-up': (facts, name) => ({
    what: `${n(facts.up)} von ${n(facts.of)} Adressen von ${name(facts.subnet)} scheinen erreichbar, ${'mac' in facts ? `fast alle mit der MAC ${String(facts.mac)}: Wahrscheinlich antwortet ein Router per ARP für alle` : 'alle durch TCP-Resets: Wahrscheinlich antwortet eine Firewall für alle'}.`,
    remedy: `Der Scan wird zurückgehalten, und dafür wurde nichts berichtet. Scannen Sie von einem Ort, vor dem kein solches Gerät liegt, oder nehmen Sie ${facts.cidr} unter Einstellungen, Scannen, an, wenn sie wirklich erreichbar sind.`,
  }),
  'no-route': ({ subnet }, name) => ({
    what: `Dieser Computer hat keinen Weg zu ${name(subnet)}.`,
    remedy: 'Dafür wurde nichts berichtet. Verbinden Sie das Netz oder VPN, in dem es liegt; es wird im nächsten Lauf wieder gescannt.',
  }),

  'server-unreachable': () => ({
    what: 'Der Scan-Server ist nicht erreichbar.',
    remedy: 'Berichte warten und werden von selbst gesendet, sobald er zurück ist. Falls es anhält, prüfen Sie Netz, URL und Port.',
  }),
  'server-certificate': () => ({
    what: 'Dem Zertifikat des Scan-Servers wird nicht vertraut.',
    remedy: 'Berichte warten. Lassen Sie das System der Stelle vertrauen, die es ausgestellt hat, oder nennen Sie deren Zertifikat unter Einstellungen.',
  }),
  'server-insecure': () => ({
    what: 'Das Token ginge unverschlüsselt an den Scan-Server.',
    remedy: 'Nichts wurde gesendet, und Berichte bleiben. Nehmen Sie eine URL, die mit https beginnt, oder einen Scan-Server auf diesem Computer.',
  }),
  'server-token-rejected': () => ({
    what: 'Der Scan-Server nimmt das Token nicht an.',
    remedy: 'Berichte bleiben. Ersetzen Sie das Token des Scan-Servers unter Einstellungen; dann werden sie erneut gesendet.',
  }),
  'report-rejected': ({ report, status, words }) => ({
    what: `Der Scan-Server hat Bericht ${report} abgelehnt (HTTP-Status ${status}).`,
    remedy: `Der Bericht bleibt. Beheben Sie ${words === '' ? 'die Ursache' : 'das, wovon die Worte des Servers sprechen'}, dann senden Sie ihn erneut.`,
  }),
  'report-damaged': ({ report }) => ({
    what: `Bericht ${report} ist in der Datenbank beschädigt und wird deshalb nicht gesendet.`,
    remedy: 'Scannen Sie das Subnetz erneut: Der neue Bericht sagt, was dieser gesagt hätte.',
  }),
  'server-failing': ({ status }) => ({
    what: `Der Scan-Server hat einen Fehler (HTTP-Status ${status}).`,
    remedy: 'Berichte warten und werden von selbst wieder gesendet. Falls es anhält, sehen Sie in sein Protokoll.',
  }),
  'report-partly': ({ report, missing, of }) => ({
    what: `${n(missing)} von ${count(of, 'Host', 'Hosts')} in Bericht ${report} ${missing === 1 ? 'ist' : 'sind'} in phpIPAM nicht zu sehen.`,
    remedy: 'Öffnen Sie den Bericht, um zu sehen, welche. Dann senden Sie ihn erneut, oder warten Sie auf den nächsten Scan.',
  }),
  'report-unconfirmed': ({ report }) => ({
    what: `Von Bericht ${report} ist in phpIPAM nichts zu sehen.`,
    remedy: 'Öffnen Sie den Bericht, um die vermutlichen Ursachen zu sehen, und senden Sie ihn dann erneut.',
  }),

  'clock-off': ({ ahead, offset }) => ({
    what: `Die Uhr dieses Computers geht gegenüber den Servern um ${format().duration(Math.abs(ahead) * 1_000)} ${ahead >= 0 ? 'vor' : 'nach'}.`,
    remedy: `Stellen Sie die Uhr, oder gleichen Sie es aus: Zeitversatz ${offset} s unter Einstellungen.`,
  }),
  'disk-full': () => ({ what: 'Der Datenträger ist voll.', remedy: 'Kein neuer Scan kann behalten werden; was schon da war, ist unversehrt. Schaffen Sie Platz, dann geht es von selbst weiter.' }),
  'store-set-aside': ({ path }) => ({
    what: 'Die Datenbank war beschädigt, und eine neue wurde begonnen.',
    remedy: `Die beschädigte Datei liegt als ${path} bereit. Verlauf und wartende Berichte von vorher stehen nur darin.`,
  }),
  'store-failing': () => ({ what: 'Die Datenbank ist nicht les- oder schreibbar.', remedy: 'Prüfen Sie die Rechte und den Datenträger des Datenordners.' }),
  'store-held': ({ program, pid }) => ({ what: `Ein anderer Prozess arbeitet an diesen Daten: ${program} (Prozess ${pid}).`, remedy: 'Dieser hier macht von selbst weiter, sobald der andere zu Ende ist.' }),
  'store-newer': ({ path }) => ({ what: `${path} wurde von einem neueren Fieldscan geschrieben.`, remedy: 'Installieren Sie jene Version. Die Datenbank blieb, wie sie ist.' }),
  'agent-ended': () => ({ what: 'Der Agent endete durch einen eigenen Fehler und wurde neu gestartet.', remedy: 'Was vorher angenommen war, steht in der Datenbank. Bitte exportieren Sie die Diagnose unter Einstellungen, Protokoll, und melden Sie es den Entwicklern.' }),
  'schedule-invalid': () => ({ what: 'Der Zeitplan nennt keine Zeit.', remedy: 'Tragen Sie unter Einstellungen einen Abstand wie `30 min`, einen Cron-Ausdruck wie `0 6 * * *` oder `off` ein.' }),
};
