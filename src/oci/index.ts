export { parseChallenge } from './challenge.ts';
export { OciClient } from './client.ts';
export { findLogin, type OciLogin } from './credentials.ts';
export { endpointOf, type OciEndpoint } from './endpoint.ts';
export { type OciImage, parseConfig, readOciImage } from './image-config.ts';
export { type OciDescriptor, type OciManifest, onlyManifest, parseManifest } from './manifest.ts';
export { checkRealm } from './realm.ts';
