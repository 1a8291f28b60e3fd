import { EMPTY_BASELINE } from '../baseline.ts';
import { NO_EXCEPTIONS } from '../exceptions/index.ts';
import { NO_POLICIES } from '../policies.ts';
import type { Outcome, WebhookAction } from '../rules.ts';
import type { AdmissionConfig } from './config.ts';

/** Where nothing is configured. `none` is refused in production besides. */
export const STRICT_ACTIONS: Readonly<Record<Outcome, WebhookAction>> = {
  approved: 'allow',
  denied: 'deny',
  unlisted: 'deny',
  unresolved: 'deny',
  unpinned: 'deny',
  unverified: 'deny',
  none: 'allow',
  policy: 'deny',
  expired: 'deny',
};

/** The stage where a program that names no model has to be allowed by its image. */
export const PRODUCTION = 'production';

/** Every namespace is enforced. */
export const NO_CONFIG: AdmissionConfig = {
  defaults: {},
  namespaces: [],
  policies: NO_POLICIES,
  exceptions: NO_EXCEPTIONS,
  baseline: EMPTY_BASELINE,
  mutation: { pin: 'off', fetch: null },
  serviceUrl: null,
  ownNamespace: null,
};
