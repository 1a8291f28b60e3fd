import { rolesOnly } from './access.ts';

/** Who asks for scans and sends bytes. */
export const SUBMITTERS = rolesOnly('submitter', 'admin');
/** Who asks for another stage. */
export const REQUESTERS = rolesOnly('submitter', 'reviewer', 'security-approver', 'admin');
/** Who votes and who stops a version; the registry knows which role a stage asks for. */
export const REVIEWERS = rolesOnly('reviewer', 'security-approver', 'admin');
/** Who waives. */
export const WAIVER_ROLES = rolesOnly('security-approver', 'admin');
export const ADMINS = rolesOnly('admin');
/** Every role, also `gate`. */
export const ASKERS = rolesOnly('viewer', 'submitter', 'reviewer', 'security-approver', 'admin', 'gate');
