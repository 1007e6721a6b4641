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
};
