export { guardRoutes, PUBLIC, principalKey, principalOf, READERS, rolesOnly, SIGNED_IN } from './access.ts';
export { type EventStream, eventStreams } from './event-stream.ts';
export { ADMINS, ASKERS, REQUESTERS, REVIEWERS, SUBMITTERS, WAIVER_ROLES } from './roles.ts';
export {
  ALIAS,
  COMMENT,
  countSchema,
  DIGEST,
  ID,
  ID_PARAMS,
  list,
  MODEL_NAME,
  MODEL_PARAMS,
  maybe,
  maybeMoment,
  maybeText,
  moment,
  nothing,
  object,
  oneOf,
  PAGE_QUERY,
  pageSchema,
  pageSchemaOf,
  REFERENCE,
  text,
  UNCHANGED,
} from './schema-kit.ts';
export { addValidation } from './validation.ts';
