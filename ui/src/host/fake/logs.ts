// Lines of a log, some from before and more as time goes on.

import type { LogLevel, LogLine } from '../types';
import { pick, randomOf } from './random';

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];
const LINES: readonly (readonly [LogLevel, string, string])[] = [
  ['info', 'fieldscan_engine::run', 'scan finished subnet=101 up=62'],
  ['info', 'fieldscan_engine::upload', 'report sent report=812 status=200'],
  ['debug', 'fieldscan_engine::nmap', 'host up ip=10.20.0.118 seen_by=arp-response'],
  ['info', 'fieldscan_engine::phpipam', 'assignment read subnets=4 addresses=412'],
  ['warn', 'fieldscan_engine::upload', 'scan server unreachable, next try in 1:42'],
  ['debug', 'fieldscan_engine::store', 'committed scan=1648 hosts=62'],
  ['error', 'fieldscan_engine::nmap', 'nmap ended with status 1'],
];

/** Lines up to a time, one every eight seconds, those of a level and graver. */
export function linesOf(level: LogLevel, after: number, start: number, now: number): LogLine[] {
  const last = 200 + Math.floor((now - start) / 8_000);
  const lines: LogLine[] = [];
  for (let number = Math.max(after + 1, 1); number <= last; number += 1) {
    const [of, target, text] = pick(randomOf(number), LINES);
    if (LEVELS.indexOf(of) > LEVELS.indexOf(level)) continue;
    lines.push({ number, at: new Date(start - (200 - number) * 8_000).toISOString(), level: of, target, text });
  }
  return lines;
}
