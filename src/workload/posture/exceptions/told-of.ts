import { isFields, own, ownList, ownText } from '../../own.ts';
import { readPodMounts, readSources } from '../mounts.ts';
import { MOUNT_SOURCES, type MountPattern, type ToldPattern, type VariablePattern } from './exception.ts';
import { plainPattern } from './words.ts';

/**
 * All that a container is told, in its exact words: what an exception for it says.
 * @param podSpec that has the volumes of the container; an object that is like a container stands for itself
 * @returns `undefined` for what no exception can say: labels as variables or files, variables that are not a list
 */
export function toldOf(container: unknown, podSpec: unknown): ToldPattern | undefined {
  const env = variablesOf(container);
  const envFrom = sourcesOf(container);
  const mounts = mountsOf(container, podSpec);
  if (env === undefined || envFrom === undefined || mounts === undefined) return undefined;
  const words = (name: string) => {
    const list = own(container, name);
    return Array.isArray(list) ? list.map((word) => plainPattern(String(word))) : null;
  };
  const folder = ownText(container, 'workingDir') ?? '';
  return {
    command: words('command'),
    args: words('args'),
    env,
    envFrom,
    mounts,
    workingDir: folder === '' ? null : folder,
    hooks: hooksOf(container),
  };
}

function variablesOf(container: unknown): readonly VariablePattern[] | undefined {
  const env = own(container, 'env');
  if (env !== undefined && env !== null && !Array.isArray(env)) return undefined;
  const all = ownList(container, 'env').map((entry): VariablePattern | undefined => {
    const name = ownText(entry, 'name') ?? '';
    const from = own(entry, 'valueFrom');
    if (from === undefined || from === null) return { name, value: plainPattern(ownText(entry, 'value') ?? '') };
    if (own(from, 'secretKeyRef') !== undefined) return { name, from: 'secret' };
    if (own(from, 'configMapKeyRef') !== undefined) return { name, from: 'configMap' };
    if (own(from, 'resourceFieldRef') !== undefined) return { name, from: 'resource' };
    const field = ownText(own(from, 'fieldRef'), 'fieldPath');
    return field === undefined ? undefined : { name, from: 'pod', field };
  });
  return all.every((one) => one !== undefined) ? all : undefined;
}

function sourcesOf(container: unknown): ToldPattern['envFrom'] | undefined {
  const all = ownList(container, 'envFrom').map((from) => {
    const secret = ownText(own(from, 'secretRef'), 'name');
    const map = ownText(own(from, 'configMapRef'), 'name');
    if (isFields(from) && Object.keys(from).length !== 1) return undefined;
    if (secret !== undefined) return { kind: 'secret', name: secret } as const;
    return map === undefined ? undefined : ({ kind: 'configMap', name: map } as const);
  });
  return all.every((one) => one !== undefined) ? all : undefined;
}

function mountsOf(container: unknown, podSpec: unknown): readonly MountPattern[] | undefined {
  const mounts: MountPattern[] = [];
  for (const { path, source, odd } of readPodMounts(container, '', readSources(podSpec, ''))) {
    // Somebody who knows what reads the labels may accept them; nothing proposes it.
    if (odd !== undefined || source === 'labels') return undefined;
    const known = MOUNT_SOURCES.find((one) => one === source);
    if (known !== undefined) mounts.push({ path: plainPattern(path === '' ? '/' : path), source: known });
  }
  return mounts;
}

function hooksOf(container: unknown): readonly (readonly string[])[] {
  const lifecycle = own(container, 'lifecycle');
  const all = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((name) => own(container, name)),
    ...['postStart', 'preStop'].map((name) => own(lifecycle, name)),
  ];
  const commands = all.flatMap((hook) => {
    const exec = own(hook, 'exec');
    return exec === undefined ? [] : [ownList(exec, 'command').map((word) => plainPattern(String(word)))];
  });
  return [...new Map(commands.map((command) => [JSON.stringify(command), command])).values()];
}
