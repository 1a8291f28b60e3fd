import { isFields, own, ownList, ownText, step } from '../own.ts';
import { whyActiveHook } from './hooks.ts';

/** Capabilities that reach into other processes, or past mounts (capabilities(7)). */
const REACHING = /^(?:CAP_)?(?:ALL|SYS_PTRACE|SYS_ADMIN|SYS_MODULE|SYS_RAWIO|DAC_READ_SEARCH|BPF|PERFMON|SYS_BOOT)$/i;

/** Properties of a container that are read (Kubernetes 1.34, core/v1 Container and EphemeralContainer). */
const PROPERTIES: ReadonlySet<string> = new Set(
  `name image command args workingDir ports env envFrom resources resizePolicy restartPolicy restartPolicyRules volumeMounts
  volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy
  imagePullPolicy securityContext stdin stdinOnce tty targetContainerName`.split(/\s+/),
);

export interface Objection {
  readonly where: string;
  readonly why: string;
}

/** What lets a container reach into others, or past what is mounted in it. */
export function readReach(container: unknown, where: string): readonly Objection[] {
  const found: Objection[] = [];
  const security = own(container, 'securityContext');
  const at = step(where, 'securityContext');
  if (own(security, 'privileged') === true) found.push({ where: at, why: 'is privileged' });
  for (const capability of ownList(own(security, 'capabilities'), 'add'))
    if (typeof capability === 'string' && REACHING.test(capability))
      found.push({ where: at, why: `has the capability ${capability.slice(0, 40)}` });
  const proc = own(security, 'procMount');
  if (proc !== undefined && proc !== 'Default') found.push({ where: at, why: 'sees an unmasked /proc' });
  if (ownList(container, 'volumeDevices').length > 0)
    found.push({ where: step(where, 'volumeDevices'), why: 'has a block device, whose content is unknown' });
  for (const key of isFields(container) ? Object.keys(container) : [])
    if (!PROPERTIES.has(key))
      found.push({
        where: step(where, key),
        why: `has the property ${JSON.stringify(key.slice(0, 60))}, which is not known`,
      });
  return found;
}

/** What lets every container of a Pod reach into every other, or moves the servers that they ask. */
export function readPodReach(podSpec: unknown, where: string): readonly Objection[] {
  const found: Objection[] = [];
  const add = (name: string, why: string) => void found.push({ where: step(where, name), why });
  if (own(podSpec, 'hostPID') === true) add('hostPID', 'shares the processes of the node (hostPID)');
  const many = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => [...ownList(podSpec, list)]);
  if (own(podSpec, 'shareProcessNamespace') === true && many.length > 1)
    add('shareProcessNamespace', 'shares its processes with other containers (shareProcessNamespace)');
  if (ownText(own(podSpec, 'os'), 'name') === 'windows') add('os', 'runs on Windows, which the tables do not know');
  return found;
}

/** Names of servers that the Pod resolves otherwise: with a certificate of its own, that moves the Hub. */
export function readAliases(podSpec: unknown, where: string): readonly Objection[] {
  if (ownList(podSpec, 'hostAliases').length === 0) return [];
  return [{ where: step(where, 'hostAliases'), why: 'is told other addresses of servers (hostAliases)' }];
}

/** Hooks and probes: commands that run in the container. @param isNamed an exception names the command */
export function readHooks(
  container: unknown,
  where: string,
  isNamed: (command: readonly unknown[]) => boolean = () => false,
): readonly Objection[] {
  const lifecycle = own(container, 'lifecycle');
  const all = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map(
      (name) => [own(container, name), step(where, name)] as const,
    ),
    ...['postStart', 'preStop'].map((name) => [own(lifecycle, name), step(step(where, 'lifecycle'), name)] as const),
  ];
  return all.flatMap(([hook, at]): readonly Objection[] => {
    if (hook === undefined || hook === null) return [];
    const command = ownList(own(hook, 'exec'), 'command');
    if (own(hook, 'exec') !== undefined) {
      if (isNamed(command)) return [];
      const why = whyActiveHook(command, step(at, 'exec'));
      return why === undefined ? [] : [{ where: step(at, 'exec'), why: `has a hook or a probe that ${why}` }];
    }
    const asks = ['httpGet', 'tcpSocket', 'grpc'].map((kind) => ownText(own(hook, kind), 'host') ?? '');
    const other = asks.find((host) => host !== '' && host !== 'localhost' && host !== '127.0.0.1');
    return other === undefined ? [] : [{ where: at, why: 'has a hook or a probe that asks another server' }];
  });
}
