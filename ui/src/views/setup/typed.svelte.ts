// What somebody types into the form: it outlasts the form while they look at the other way to connect. In memory alone, since it holds tokens.

import type { SettingsDocument } from '../../host';
import { SECRET_FIELDS, SETTING_FIELDS, type SecretField, type SettingField } from './fields';

export class Typed {
  values = $state<Partial<Record<SettingField, string>>>({});
  secrets = $state<Record<SecretField, string>>({ client_token: '', auth_token: '' });

  /** Lets go of what a text that was taken over has set. */
  yieldTo(now: SettingsDocument): void {
    for (const key of SETTING_FIELDS) if (now.settings.some((one) => one.key === key && one.set && !one.default)) delete this.values[key];
    for (const name of SECRET_FIELDS) if (now.secrets.some((one) => one.name === name && one.source !== null)) this.secrets[name] = '';
  }
}
