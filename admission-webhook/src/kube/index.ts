export { patchCaBundle, type WebhookConfigurationKind } from './ca-bundle.ts';
export type { KubeClient, KubeListener } from './client.ts';
export { type ObjectPlace, raiseConfigMapFloor, readConfigMapFloor } from './config-map.ts';
export { KubeError } from './kube-error.ts';
export { type WatchedNamespaces, watchNamespaces } from './namespaces.ts';
export { type KubeOpenOptions, openKube } from './open-kube.ts';
export { type KeptSecret, readSecret, writeSecret } from './secret.ts';
