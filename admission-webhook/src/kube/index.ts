export { Backoff, byTheClock, type Wait } from './backoff.ts';
export { patchCaBundle, type WebhookConfigurationKind } from './ca-bundle.ts';
export type { KubeClient } from './client.ts';
export { type ObjectPlace, raiseConfigMapFloor, readConfigMapFloor } from './config-map.ts';
export { fieldOf, listField, textField, textsOf } from './fields.ts';
export { isMissing, KubeError } from './kube-error.ts';
export { type WatchedNamespaces, watchNamespaces } from './namespaces.ts';
export { openKube } from './open-kube.ts';
export { type KeptSecret, readSecret, writeSecret } from './secret.ts';
