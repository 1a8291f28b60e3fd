export { askStatus } from './ask-status.ts';
export { openClientFiles } from './client-files.ts';
export { openConfigFile } from './config-file.ts';
export type { ConnectionRules } from './connection-rules.ts';
export { assembleGate, type GateParts } from './gate.ts';
export type { AdmissionOptions, GateOptions, ListenPlace, LogChoice, SnapshotOptions, TlsOptions } from './options.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export { startAdmission } from './start.ts';
export type { AdmissionStatus } from './status.ts';
