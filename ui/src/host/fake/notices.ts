// What was told by notification before the window was opened.

import type { NoticeDocument } from '../types';
import { iso, MINUTE } from './time';

/** Newest first; the oldest is from before facts were kept. */
export function noticesOf(scannedAt: number): NoticeDocument[] {
  return [
    {
      id: 3,
      at: iso(scannedAt),
      category: 'findings',
      title: 'New unknown host',
      text: '10.20.0.131, raspberrypi, at Depot – office. It is not in phpIPAM.',
      facts: { tells: 'host', what: 'unknown', ip: '10.20.0.131', name: 'raspberrypi', place: 'Depot – office', stale: false },
      page: 'subnet/101/10.20.0.131',
    },
    {
      id: 2,
      at: iso(scannedAt - 108 * MINUTE),
      category: 'reports',
      title: 'Report rejected',
      text: 'Depot – cameras, 12:12: The scan server refused report 797 (HTTP status 403). Open Fieldscan to see what to do.',
      facts: { tells: 'report', problem: { code: 'report-rejected', report: 797, status: 403, words: '' }, place: 'Depot – cameras', created_at: iso(scannedAt - 109 * MINUTE) },
      page: 'reports/797',
    },
    { id: 1, at: iso(scannedAt - 1_600 * MINUTE), category: 'delivered', title: 'Offline for 1 hour', text: 'Scans go on with data from 14:01. 3 reports wait, none is lost.', facts: null, page: 'reports' },
  ];
}
