export type { AdmissionConfig } from './config.ts';
export { NO_CONFIG, STRICT_ACTIONS } from './defaults.ts';
export { MODE_LABEL, namespaceRules, STAGE_LABEL } from './namespace-rules.ts';
export { readAdmissionConfig } from './read-config.ts';
