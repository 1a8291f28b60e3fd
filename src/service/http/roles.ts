import { rolesOnly } from './access.ts';

/** The roles that request scans and send bytes. */
export const SUBMITTERS = rolesOnly('submitter', 'admin');
/** The roles that request another stage. */
export const REQUESTERS = rolesOnly('submitter', 'reviewer', 'security-approver', 'admin');
/** The roles that vote and stop a version; the registry knows which role a stage requires. */
export const REVIEWERS = rolesOnly('reviewer', 'security-approver', 'admin');
/** The roles that waive. */
export const WAIVER_ROLES = rolesOnly('security-approver', 'admin');
export const ADMINS = rolesOnly('admin');
/** Every role, also `gate`. */
export const ASKERS = rolesOnly('viewer', 'submitter', 'reviewer', 'security-approver', 'admin', 'gate');
