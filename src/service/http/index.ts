export { PUBLIC, READERS, SIGNED_IN, guardRoutes, principalKey, principalOf, rolesOnly } from './access.ts';
export { type EventStream, eventStreams } from './event-stream.ts';
export { ADMINS, ASKERS, REQUESTERS, REVIEWERS, SUBMITTERS, WAIVER_ROLES } from './roles.ts';
export { ALIAS, COMMENT, DIGEST, ID, ID_PARAMS, MODEL_NAME, MODEL_PARAMS, PAGE_QUERY, REFERENCE, UNCHANGED, count, list, maybe, maybeMoment, maybeText, moment, nothing, object, oneOf, page, pageOf, text } from './schema-kit.ts';
export { addValidation } from './validation.ts';
