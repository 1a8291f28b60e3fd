export { problemOf } from './errors.ts';
export { InvalidRequest } from './invalid-request.ts';
export { messageOf } from './message-of.ts';
export { ServiceError } from './service-error.ts';
