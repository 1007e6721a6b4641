import type { subnet as en } from '../en/subnet';

export const subnet: typeof en = {
  notAssigned: 'Dieses Subnetz ist diesem Scan-Agenten nicht zugewiesen.',
};
