export { parseChallenge } from './challenge.ts';
export { OciClient } from './client.ts';
export { type OciLogin, findLogin } from './credentials.ts';
export { type OciEndpoint, endpointOf } from './endpoint.ts';
export { type OciDescriptor, type OciManifest, parseManifest, theOnly } from './manifest.ts';
export { checkRealm } from './realm.ts';
