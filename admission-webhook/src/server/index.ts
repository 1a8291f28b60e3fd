export { askStatus } from './ask-status.ts';
export { openClientFiles } from './client-files.ts';
export { openConfigFile } from './config-file.ts';
export type { ConnectionRules } from './connection-rules.ts';
export type {
  AdmissionOptions,
  ListenPlace,
  LogChoice,
  SnapshotOptions,
  TlsOptions,
  WebhookOptions,
} from './options.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export { startAdmission } from './start.ts';
export type { AdmissionStatus } from './status.ts';
export { type AdmissionWebhookParts, assembleWebhook } from './webhook.ts';
