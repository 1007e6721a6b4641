import { mockIPC, clearMocks } from '@tauri-apps/api/mocks';
import { afterEach, describe, expect, it } from 'vitest';

import type { Addresses } from './host';
import type { DoctorStep } from './types';
import { tauri } from './tauri';

afterEach(() => clearMocks());

/** Each question and command, and what the agent hears of it. */
const CALLS: [string, () => Promise<unknown>, string, object][] = [
  ['snapshot', () => tauri.snapshot(), 'snapshot', {}],
  ['scan', () => tauri.scan({ subnets: [7] }, true), 'scan', { scope: { subnets: [7] }, refresh: true }],
  ['stop', () => tauri.stop(), 'stop', {}],
  ['refresh', () => tauri.refresh(), 'refresh', {}],
  ['pause', () => tauri.pause('1h'), 'pause', { until: '1h' }],
  ['resume', () => tauri.resume(), 'resume', {}],
  ['quit', () => tauri.quit(), 'quit', {}],
  ['addressHistory', () => tauri.addressHistory(7, '10.0.0.1'), 'address_history', { subnet: 7, ip: '10.0.0.1' }],
  ['hostsOverTime', () => tauri.hostsOverTime(7, 30), 'hosts_over_time', { subnet: 7, days: 30 }],
  ['runs', () => tauri.runs(50), 'runs', { limit: 50 }],
  ['run', () => tauri.run(3), 'run', { id: 3 }],
  ['compareRuns', () => tauri.compareRuns(1, 2), 'compare_runs', { a: 1, b: 2 }],
  ['reports', () => tauri.reports(), 'reports', {}],
  ['report', () => tauri.report(3), 'report', { id: 3 }],
  ['retry', () => tauri.retry(null), 'retry', { report: null }],
  ['notices', () => tauri.notices(), 'notices', {}],
  ['settings', () => tauri.settings(), 'settings', {}],
  ['checkSettings', () => tauri.checkSettings([{ key: 'http_port', value: '1' }]), 'check_settings', { changes: [{ key: 'http_port', value: '1' }] }],
  ['applySettings', () => tauri.applySettings([]), 'apply_settings', { changes: [] }],
  ['previewSchedule', () => tauri.previewSchedule('30 min'), 'preview_schedule', { text: '30 min' }],
  ['setSecret', () => tauri.setSecret('auth_token', 'x'), 'set_secret', { name: 'auth_token', value: 'x' }],
  ['deleteSecret', () => tauri.deleteSecret('auth_token'), 'delete_secret', { name: 'auth_token' }],
  ['importSettings', () => tauri.importSettings('api_url: x'), 'import_settings', { text: 'api_url: x' }],
  ['autostart', () => tauri.autostart(), 'autostart', {}],
  ['setAutostart', () => tauri.setAutostart(true), 'set_autostart', { on: true }],
  ['logs', () => tauri.logs('warn', 12), 'logs', { level: 'warn', after: 12 }],
  ['exportSubnet', () => tauri.exportSubnet(7, 'csv'), 'export_subnet', { subnet: 7, format: 'csv' }],
  ['exportDiagnostics', () => tauri.exportDiagnostics(), 'export_diagnostics', {}],
  ['openInIpam', () => tauri.openInIpam(7, null), 'open_in_ipam', { subnet: 7, ip: null }],
  ['privileges', () => tauri.privileges(), 'privileges', {}],
  ['about', () => tauri.about(), 'about', {}],
];

describe('the door to the agent', () => {
  it.each(CALLS)('%s asks the agent and passes its answer on', async (_, call, command, args) => {
    const heard: [string, unknown][] = [];
    mockIPC((cmd, payload) => {
      heard.push([cmd, payload]);
      return 'the answer';
    });
    expect(await call()).toBe('the answer');
    expect(heard).toEqual([[command, args]]);
  });

  describe('the addresses', () => {
    const document = { subnet: 7, fetched_at: null, stale: false, addresses: [] };
    const bytes = (...lines: unknown[]) => new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join('\n')).buffer;
    const ahead = bytes(document, [], [{ standing: 'known', ips: ['10.0.0.1'] }]);
    type Question = { subnet: number; advance: { onmessage: (told: ArrayBuffer) => void } };

    it('are put together, which come in slices, and some are told ahead', async () => {
      const heard: string[] = [];
      mockIPC((cmd, payload) => {
        const { subnet, advance } = payload as unknown as Question;
        heard.push(`${cmd} ${subnet}`);
        advance.onmessage(ahead as ArrayBuffer);
        return bytes(document, [{ ip: '10.0.0.1' }]);
      });
      const some: Addresses[] = [];
      expect(await tauri.addresses(7, (one) => some.push(one))).toEqual({ ...document, addresses: [{ ip: '10.0.0.1' }], told: 1 });
      expect(heard).toEqual(['addresses 7']);
      expect(some.map(({ addresses, told }) => [addresses.length, told])).toEqual([[1, 0]]);
    });

    it('are not told ahead once they are there', async () => {
      let late: Question['advance'] | undefined;
      mockIPC((_, payload) => {
        late = (payload as unknown as Question).advance;
        return bytes(document);
      });
      const some: Addresses[] = [];
      await tauri.addresses(7, (one) => some.push(one));
      late?.onmessage(ahead as ArrayBuffer);
      expect(some).toEqual([]);
    });
  });

  describe('the test of everything', () => {
    type Question = { ended: { onmessage: (step: DoctorStep) => void } };
    const step = (id: DoctorStep['id']): DoctorStep => ({ id, title: '', outcome: 'ok' });

    it('tells each step as it ends, and then all', async () => {
      const heard: string[] = [];
      mockIPC((cmd, payload) => {
        heard.push(cmd);
        (payload as unknown as Question).ended.onmessage(step('settings'));
        return [step('settings'), step('keychain')];
      });
      const ended: string[] = [];
      const all = await tauri.testEverything((one) => ended.push(one.id));
      expect([heard, ended, all.map((one) => one.id)]).toEqual([['test_everything'], ['settings'], ['settings', 'keychain']]);
    });

    it('tells steps only to the one who asked for them', async () => {
      const questions: Question[] = [];
      mockIPC((_, payload) => {
        questions.push(payload as unknown as Question);
        return [];
      });
      const [first, second]: string[][] = [[], []];
      await tauri.testEverything((one) => first?.push(one.id));
      await tauri.testEverything((one) => second?.push(one.id));
      questions[0]?.ended.onmessage(step('nmap'));
      expect([first, second]).toEqual([['nmap'], []]);
    });
  });

  it('has no call that is not held to that', () => {
    const all = Object.keys(tauri).filter((name) => !name.startsWith('on') && !['addresses', 'testEverything'].includes(name));
    expect(CALLS.map(([name]) => name).sort()).toEqual(all.sort());
  });

  it('passes a refusal on as it is, and makes one of anything else', async () => {
    mockIPC(() => {
      throw { code: 'busy', what: 'A scan is running.', remedy: 'Wait.' };
    });
    await expect(tauri.scan({ all: true }, false)).rejects.toEqual({ code: 'busy', what: 'A scan is running.', remedy: 'Wait.' });
    mockIPC(() => {
      throw 'command scan not found';
    });
    await expect(tauri.scan({ all: true }, false)).rejects.toMatchObject({ code: 'internal', detail: 'command scan not found' });
  });
});
