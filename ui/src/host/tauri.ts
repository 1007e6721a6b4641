// The agent in the same process, through Tauri's commands and events.

import { Channel, invoke } from '@tauri-apps/api/core';
import { listen, type UnlistenFn } from '@tauri-apps/api/event';

import { refusalOf, type Addresses, type Host, type Stop } from './host';
import { addressesOf, aheadOf } from './slices';
import type { DoctorStep } from './types';

async function ask<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (reason) {
    throw refusalOf(reason);
  }
}

function on<T>(event: string, tell: (payload: T) => void): Stop {
  const listening: Promise<UnlistenFn> = listen<T>(event, (told) => tell(told.payload));
  return () => void listening.then((stop) => stop());
}

async function addresses(subnet: number, ahead?: (some: Addresses) => void): Promise<Addresses> {
  let whole = false;
  const advance = new Channel<ArrayBuffer>((told) => {
    if (!whole) ahead?.(aheadOf(told));
  });
  const told = await ask<ArrayBuffer>('addresses', { subnet, advance });
  whole = true;
  return addressesOf(told);
}

async function testEverything(ended?: (step: DoctorStep) => void): Promise<DoctorStep[]> {
  return ask('test_everything', { ended: new Channel<DoctorStep>((step) => ended?.(step)) });
}

export const tauri: Host = {
  onSnapshot: (tell) => on('snapshot', tell),
  onShowPage: (tell) => on('show-page', tell),

  snapshot: () => ask('snapshot'),
  scan: (scope, refresh) => ask('scan', { scope, refresh }),
  stop: () => ask('stop'),
  refresh: () => ask('refresh'),
  pause: (until) => ask('pause', { until }),
  resume: () => ask('resume'),
  quit: () => ask('quit'),

  addresses,
  addressHistory: (subnet, ip) => ask('address_history', { subnet, ip }),
  hostsOverTime: (subnet, days) => ask('hosts_over_time', { subnet, days }),

  runs: (limit) => ask('runs', { limit }),
  run: (id) => ask('run', { id }),
  compareRuns: (a, b) => ask('compare_runs', { a, b }),

  reports: () => ask('reports'),
  report: (id) => ask('report', { id }),
  retry: (report) => ask('retry', { report }),

  notices: () => ask('notices'),

  settings: () => ask('settings'),
  checkSettings: (changes) => ask('check_settings', { changes }),
  applySettings: (changes) => ask('apply_settings', { changes }),
  previewSchedule: (text) => ask('preview_schedule', { text }),
  setSecret: (name, value) => ask('set_secret', { name, value }),
  deleteSecret: (name) => ask('delete_secret', { name }),
  importSettings: (text) => ask('import_settings', { text }),
  testEverything,
  autostart: () => ask('autostart'),
  setAutostart: (on) => ask('set_autostart', { on }),

  logs: (level, after) => ask('logs', { level, after }),
  exportSubnet: (subnet, format) => ask('export_subnet', { subnet, format }),
  exportDiagnostics: () => ask('export_diagnostics'),
  openInIpam: (subnet, ip) => ask('open_in_ipam', { subnet, ip }),
  privileges: () => ask('privileges'),
  about: () => ask('about'),
};
