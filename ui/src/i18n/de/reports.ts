import type { reports as en } from '../en/reports';

export const reports: typeof en = {
  stations: {
    queued: 'Eingereiht',
    sent: 'Gesendet',
    confirmed: 'Bestätigt',
    partly: 'Teilweise',
    unconfirmed: 'Unbestätigt',
    rejected: 'Abgelehnt',
    superseded: 'Nicht gesendet',
  },
  nextTryIn: (countdown) => `nächster Versuch in ${countdown}`,
  notSeenYet: 'noch nicht gesehen',
};
