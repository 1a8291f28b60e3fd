import { own, ownList, ownText, step } from '../own.ts';
import type { WorkloadReferences } from '../result.ts';
import { CONTAINER_LISTS, pointedAt } from './places.ts';

/** Of a container: what starts, and how it is reached; not what it may use, nor how it is counted. */
const NOT_RUN: ReadonlySet<string> = new Set(['resources', 'resizePolicy', 'ports', 'imagePullPolicy']);
/** Of a PodSpec: what lets containers reach each other, and where they resolve names. */
const OF_POD = [
  'hostPID',
  'hostIPC',
  'hostNetwork',
  'shareProcessNamespace',
  'hostAliases',
  'dnsConfig',
  'dnsPolicy',
  'os',
];

/**
 * What each container would run, as a text that is the same for the same bytes: its image, command, arguments, variables, hooks and
 * settings, the volumes that it mounts, and what of its Pod concerns it.
 * @returns by the JSON pointer to the container
 */
export function runKeys(object: unknown, found: WorkloadReferences): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { where, what } of found.runs) {
    const value = pointedAt(object, where);
    if (what !== 'pod-spec') {
      keys.set(where, JSON.stringify(value) ?? '');
      continue;
    }
    const pod = JSON.stringify([...OF_POD, 'securityContext'].map((name) => own(value, name) ?? null));
    const volumes = new Map<string, string>();
    for (const volume of ownList(value, 'volumes'))
      volumes.set(ownText(volume, 'name') ?? '', JSON.stringify(volume) ?? '');
    for (const list of CONTAINER_LISTS)
      for (const [index, container] of ownList(value, list).entries())
        keys.set(step(step(where, list), index), `${list}\n${keyOf(container, volumes)}\n${pod}`);
  }
  return keys;
}

function keyOf(container: unknown, volumes: ReadonlyMap<string, string>): string {
  const fields = Object.entries(Object(container)).filter(([name]) => !NOT_RUN.has(name));
  const mounted = [...ownList(container, 'volumeMounts'), ...ownList(container, 'volumeDevices')].map(
    (mount) => volumes.get(ownText(mount, 'name') ?? '') ?? '',
  );
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([fields, mounted]);
}
