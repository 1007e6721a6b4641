// The stations of a report's way, as they are drawn: two that every report has, and one of its ends.

import type { JourneyStep, ReportDocument, Time } from '../host';

export type StationName = 'queued' | 'sent' | 'confirmed' | 'partly' | 'unconfirmed' | 'rejected' | 'superseded';

export interface Station {
  name: StationName;
  look: 'passed' | 'now' | 'to-come' | 'good' | 'doubtful' | 'bad' | 'dropped';
  at: Time | null;
  /** When it is tried again. */
  nextAt: Time | null;
  /** When it should be seen in phpIPAM. */
  expectedBy: Time | null;
}

/** The stations of a report. */
export function stationsOf(report: ReportDocument): Station[] {
  const queuedAt = lastAt(report.journey, 'queued') ?? report.created_at;
  // After a person asked for another try, the earlier sending no longer counts.
  const since = report.journey.findLastIndex((step) => step.event === 'retried');
  const sentAt = lastAt(report.journey.slice(since + 1), 'sent');
  const queued = station('queued', 'passed', queuedAt);
  const sent = station('sent', 'passed', sentAt);
  switch (report.state) {
    case 'queued':
      return [{ ...queued, look: 'now' }, station('sent', 'to-come'), station('confirmed', 'to-come')];
    case 'waiting':
      return [{ ...queued, look: 'now', nextAt: report.next_at }, station('sent', 'to-come'), station('confirmed', 'to-come')];
    case 'sent':
      return [queued, { ...station('sent', 'now', report.at), expectedBy: report.expected_by }, station('confirmed', 'to-come')];
    case 'confirmed':
      return [queued, sent, station('confirmed', 'good', report.at)];
    case 'partly':
      return [queued, sent, station('partly', 'doubtful', report.at)];
    case 'unconfirmed':
      return [queued, sent, station('unconfirmed', 'doubtful', report.at)];
    case 'rejected':
      // What the server refused, it was sent.
      return [queued, sentAt !== null ? sent : report.problem.code === 'report-rejected' ? station('sent', 'passed', report.at) : station('sent', 'to-come'), station('rejected', 'bad', report.at)];
    case 'superseded':
      return [queued, station('superseded', 'dropped', lastAt(report.journey, 'superseded'))];
  }
}

function station(name: StationName, look: Station['look'], at: Time | null = null): Station {
  return { name, look, at, nextAt: null, expectedBy: null };
}

function lastAt(journey: readonly JourneyStep[], event: JourneyStep['event']): Time | null {
  return journey.findLast((step) => step.event === event)?.at ?? null;
}
