import type { KubeClient } from './client.ts';
import { fieldOf, listField, textField } from './fields.ts';
import { isConflict } from './kube-error.ts';

export type WebhookConfigurationKind = 'validating' | 'mutating';

const MAX_TRIES = 8;

/**
 * Tells the API server which authorities the certificates of the webhooks of a configuration are issued by: all that it holds, and
 * nothing else of it is changed, also when somebody else changes it in that moment.
 * @param pem one or more certificates: the old authority and the new one while they change
 * @returns whether there was anything to change
 * @throws KubeError
 */
export async function patchCaBundle(
  kube: KubeClient,
  kind: WebhookConfigurationKind,
  name: string,
  pem: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/${encodeURIComponent(name)}`;
  const caBundle = Buffer.from(pem).toString('base64');
  for (let tries = 1; ; tries++) {
    const configuration = await kube.get(path, signal);
    const webhooks = listField(configuration, 'webhooks');
    if (webhooks.every((one) => textField(fieldOf(one, 'clientConfig'), 'caBundle') === caBundle)) return false;
    const metadata = { resourceVersion: textField(fieldOf(configuration, 'metadata'), 'resourceVersion') };
    try {
      await kube.send('PATCH', path, { metadata, webhooks: webhooks.map((one) => withBundle(one, caBundle)) }, signal);
      return true;
    } catch (error) {
      if (!isConflict(error) || tries >= MAX_TRIES) throw error;
    }
  }
}

function withBundle(webhook: unknown, caBundle: string): unknown {
  return { ...Object(webhook), clientConfig: { ...Object(fieldOf(webhook, 'clientConfig')), caBundle } };
}
