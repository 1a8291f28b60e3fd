export { all, type LocalRegistry, type RegistryClient, type ServiceRegistry } from './client.ts';
export type { ClientContext } from './context.ts';
export { askDecisions } from './decisions.ts';
export type { RegistryFlags } from './flags.ts';
export { connectService, isPrivateLine, isToken, openService, type ServiceConnection, serviceAddress } from './http.ts';
export { openLocal } from './local.ts';
export { type RegistryPlace, registryPlace } from './place.ts';
export { serviceRegistry } from './service.ts';
