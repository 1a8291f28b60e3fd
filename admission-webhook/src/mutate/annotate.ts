import { isFields, own, step } from '../../../src/workload/index.ts';
import type { PatchOperation } from '../patch.ts';
import type { Pin } from './pins.ts';

/** `assay.dev/pin.<n>`: JSON pointer of a reference, a space, and the pinned reference that it means. */
const PREFIX = 'assay.dev/pin.';
const MAX_PINS = 16;
const MAX_TEXT = 1_024;
const AT = '/metadata/annotations';

/** Says on a Pod which version each reference means. What stood there by those names is not ours, and goes. */
export function annotatePins(pod: unknown, pins: readonly Pin[]): readonly PatchOperation[] {
  const metadata = own(pod, 'metadata');
  if (!isFields(metadata)) return [];
  const standing = own(metadata, 'annotations');
  const said = new Map(
    pins
      .map(({ found, reference }) => `${found.where} ${reference}`)
      .filter((text) => text.length <= MAX_TEXT)
      .slice(0, MAX_PINS)
      .map((text, n) => [`${PREFIX}${n}`, text]),
  );
  const gone = Object.keys(isFields(standing) ? standing : {}).filter(
    (name) => name.startsWith(PREFIX) && !said.has(name),
  );
  const changed = [...said].filter(([name, text]) => own(standing, name) !== text);
  return [
    ...gone.map((name): PatchOperation => ({ op: 'remove', path: step(AT, name) })),
    ...(changed.length > 0 && !isFields(standing) ? [{ op: 'add', path: AT, value: {} } as const] : []),
    ...changed.map(([name, value]): PatchOperation => ({ op: 'add', path: step(AT, name), value })),
  ];
}
