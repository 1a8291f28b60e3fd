export { guardRoutes, PUBLIC, principalKey, principalOf, READERS, rolesOnly, SIGNED_IN } from './access.ts';
export { type EventStream, eventStreams } from './event-stream.ts';
export { addOnce } from './once.ts';
export { ADMINS, ASKERS, REQUESTERS, REVIEWERS, SUBMITTERS, WAIVER_ROLES } from './roles.ts';
export {
  ALIAS,
  ID_PARAMS,
  MODEL_PARAMS,
  PAGE_QUERY,
  pageRequestOf,
  UNCHANGED,
} from './schema-kit.ts';
export { addValidation } from './validation.ts';
