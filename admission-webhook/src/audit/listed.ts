import { fieldOf, textField, textsOf } from '../kube/index.ts';
import type { AuditSource } from './audit.ts';

/** Objects that were listed before; where Namespaces are among them, their labels are known. */
export function listedSource(
  objects: readonly unknown[],
  from: string,
  namespaces: readonly string[],
): AuditSource & { labelsOf(namespace: string): Readonly<Record<string, string>> | undefined } {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  for (const object of objects) {
    if (textField(object, 'kind') !== 'Namespace' || textField(object, 'apiVersion') !== 'v1') continue;
    const metadata = fieldOf(object, 'metadata');
    labels.set(textField(metadata, 'name') ?? '', textsOf(metadata, 'labels'));
  }
  return {
    from,
    labelsOf: (namespace) => labels.get(namespace),
    problems: () => [],
    async *objects() {
      for (const object of objects) {
        const namespace = textField(fieldOf(object, 'metadata'), 'namespace') ?? '';
        if (namespaces.length === 0 || namespaces.includes(namespace)) yield { object, resource: '' };
      }
    },
  };
}
