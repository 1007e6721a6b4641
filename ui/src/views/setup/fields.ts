// The fields of the form, and which of them a failed step of the test points at.

import type { SecretName, StepId } from '../../host';

export type SettingField = 'api_url' | 'client_name' | 'scanagent_code' | 'http_server' | 'http_port';
export type SecretField = Extract<SecretName, 'client_token' | 'auth_token'>;
export type Field = SettingField | SecretField;

export const SETTING_FIELDS: readonly SettingField[] = ['api_url', 'client_name', 'scanagent_code', 'http_server', 'http_port'];
export const SECRET_FIELDS: readonly SecretField[] = ['client_token', 'auth_token'];

const FIELDS: Record<StepId, Field | null> = {
  settings: 'api_url',
  keychain: 'client_token',
  reachable: 'api_url',
  tls: 'api_url',
  token: 'client_token',
  'agent-code': 'scanagent_code',
  subnets: null,
  'scan-server': 'auth_token',
  nmap: null,
  privileges: null,
  clock: null,
};

/** The field that mends a step; null where none does. */
export function fieldOf(step: StepId): Field | null {
  return FIELDS[step];
}
