import { isFields, own, ownList, ownText } from '../own.ts';
import type { WorkloadReferences } from '../result.ts';
import { isPodToken } from './mounts.ts';
import { pointedAt } from './places.ts';
import { runKeys } from './run-key.ts';
import { TOKEN_FOLDER } from './table/index.ts';

/** A PodSpec of an object, and all that its containers would run, as a text that is the same for the same bytes. */
export interface TemplateKey {
  /** JSON pointer to the PodSpec. */
  readonly where: string;
  readonly key: string;
}

/**
 * What each PodSpec of an object would run: all of its containers together, so that another one beside them is another key. The token
 * of the Pod's own account is left out: its volume has another name in each Pod.
 */
export function templateKeys(object: unknown, found: WorkloadReferences): readonly TemplateKey[] {
  return found.runs.flatMap(({ where, what }): readonly TemplateKey[] => {
    const spec = what === 'pod-spec' ? pointedAt(object, where) : undefined;
    if (spec === undefined) return [];
    const alone = withoutToken(spec);
    const keys = runKeys(alone, { ...found, runs: [{ where: '', what: 'pod-spec' }] });
    const account = ownText(spec, 'serviceAccountName') ?? 'default';
    return [{ where, key: JSON.stringify([account, [...keys.values()].sort()]) }];
  });
}

function withoutToken(spec: unknown): unknown {
  if (!isFields(spec)) return spec;
  const tokens = new Set(
    ownList(spec, 'volumes')
      .filter((volume) => isPodToken(own(volume, 'projected')))
      .map((volume) => ownText(volume, 'name') ?? ''),
  );
  const kept = (container: unknown) =>
    isFields(container) && Array.isArray(container.volumeMounts)
      ? { ...container, volumeMounts: container.volumeMounts.filter((mount) => !isTokenMount(mount, tokens)) }
      : container;
  const lists = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    Array.isArray(spec[list]) ? [[list, ownList(spec, list).map(kept).map(withoutEmpty)] as const] : [],
  );
  return { ...spec, ...Object.fromEntries(lists) };
}

function isTokenMount(mount: unknown, tokens: ReadonlySet<string>): boolean {
  return ownText(mount, 'mountPath') === TOKEN_FOLDER && tokens.has(ownText(mount, 'name') ?? '');
}

/** A list of mounts that held the token alone is as if it were not there. */
function withoutEmpty(container: unknown): unknown {
  if (!isFields(container) || !Array.isArray(container.volumeMounts) || container.volumeMounts.length > 0)
    return container;
  const { volumeMounts: _, ...rest } = container;
  return rest;
}
