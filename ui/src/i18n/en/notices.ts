import { count } from './tools';

export const notices = {
  title: 'Notices',
  headline: (many: number) => (many === 0 ? 'Nothing had to be told yet.' : `${count(many, 'recent notice', 'recent notices')}.`),
  below: 'What Fieldscan told outside this window. Which events it tells is under Settings, Notifications.',
  none: 'When a host becomes unknown, missing or mismatched, a report is rejected, or phpIPAM stays out of reach, it is told here and as a notification.',
  toSettings: 'Notification settings',
};
