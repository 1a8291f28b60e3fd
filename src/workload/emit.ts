import { type Collector, shown } from './collector.ts';
import type { ReadContainer } from './container.ts';
import { type Endpoint, hubEndpointOf, readEndpoint } from './endpoint.ts';
import { REVISION_OF } from './pinning.ts';
import { type ReadReference, readImage, readReference } from './reference.ts';
import type { LoaderFlags, WorkloadRole } from './result.ts';
import { type Found, plainFormat } from './told.ts';
import type { Variables } from './variables.ts';
import { type Mount, mountOf } from './volumes.ts';

/** A use of a folder without a source: whether a known container fills it is known when all containers are read. */
export type OnEmpty = (volume: string, where: string) => void;

export interface EmitContext {
  readonly collector: Collector;
  readonly mounts: readonly Mount[];
  readonly onEmpty: OnEmpty;
  /** A folder that the platform fills with what another field of the object names. */
  readonly injected: string | undefined;
  readonly onInjected: (where: string) => void;
}

/** Judges the settings of a container: each value becomes a reference, or is reported as unresolved. */
export function emitContainer(container: ReadContainer, context: EmitContext): void {
  const { told } = container;
  for (const found of told.found) emitFound(found, container, context);
  // A tokenizer of another revision comes from the model's own repository.
  for (const found of told.found) {
    const { via, finds } = found;
    const revision = told.attribute(via, 'tokenizerRevision');
    if (finds.finds !== 'model' || revision === undefined || told.finds(via, 'tokenizer')) continue;
    emitFound({ ...found, revision, finds: { ...finds, finds: 'tokenizer' } }, container, context);
  }
}

function emitFound(found: Found, container: ReadContainer, context: EmitContext): void {
  const { told } = container;
  const { finds, via, value } = found;
  const attribute = REVISION_OF[finds.finds];
  const revision = found.revision ?? (attribute === undefined ? undefined : told.attribute(via, attribute));
  const read = readReference(value.text, finds.bare ?? 'hub', revision);
  const target: EmitTarget = {
    role: finds.finds,
    where: value.where,
    container: container.name,
    via,
    flags: {
      trustRemoteCode: told.trustRemoteCode,
      codeRevision: found.codeRevision ?? told.attribute(via, 'codeRevision') ?? null,
      loadFormat: plainFormat(told.attribute(via, 'loadFormat')),
      offline: told.offline,
    },
  };
  if (read.kind === 'path') emitPath(read.path, target, container, context);
  else emitRead(read, target, container.variables, context.collector);
}

/** Where a reference was found, and how it is loaded. */
export interface EmitTarget {
  readonly role: WorkloadRole;
  readonly where: string;
  readonly container: string | null;
  readonly via: string;
  readonly flags: LoaderFlags;
}

const NO_VARIABLES: Variables = new Map();

/** Gives a reference with the server that it is fetched from. A path is given as it is. */
export function emitRead(
  read: ReadReference,
  target: EmitTarget,
  variables: Variables,
  collector: Collector,
  server?: string,
): void {
  const { flags, ...place } = target;
  if (read.kind === 'unresolved') {
    collector.unresolved(place.where, read.why);
    return;
  }
  if (read.kind === 'path') {
    const path = { reference: read.path, revision: null, pinned: false, endpoint: null };
    collector.reference({ ...path, ...flags, ...place });
    return;
  }
  const named = server ?? read.endpoint;
  const first: Endpoint =
    named === undefined ? hubEndpointOf(read.scheme, variables) : readEndpoint({ text: named, where: place.where });
  const moved = first.kind === 'modelscope';
  const endpoint = moved ? hubEndpointOf('modelscope', variables) : first;
  if (endpoint.kind === 'unresolved') collector.unresolved(endpoint.where, endpoint.why);
  collector.reference({
    reference: moved ? read.reference.replace(/^hf:/, 'modelscope:') : read.reference,
    revision: read.revision,
    // A commit of the Hub says nothing of ModelScope.
    pinned: read.pinned && !moved,
    endpoint: endpoint.kind === 'known' ? endpoint.address : null,
    ...flags,
    ...place,
  });
}

/** A path of a container: of a volume that is mounted there, or else of the image. */
function emitPath(path: string, target: EmitTarget, container: ReadContainer, context: EmitContext): void {
  const { collector } = context;
  const full = path.startsWith('/') ? path : joined(container.workingDir, path);
  const mount = full === undefined ? undefined : mountOf(full, context.mounts);
  if (mount !== undefined && full !== undefined) {
    emitMounted(full, mount, target, context);
    return;
  }
  const { injected } = context;
  if (injected !== undefined && (full === injected || full?.startsWith(`${injected}/`) === true)) {
    context.onInjected(target.where);
    return;
  }
  if (/(?:^|\/)\.\.(?:\/|$)/.test(path)) {
    collector.unresolved(target.where, `${shown(path)} climbs with ..`);
    return;
  }
  if (container.image === undefined) {
    collector.unresolved(target.where, `${shown(path)} is a path, and what is there is unknown`);
    return;
  }
  // The content of the image is covered by the approval of the image.
  emitRead(readImage(container.image), { ...target, role: 'image' }, NO_VARIABLES, collector);
}

function joined(folder: string | undefined, path: string): string | undefined {
  return folder?.startsWith('/') === true ? `${folder.replace(/\/+$/, '')}/${path.replace(/^\.\//, '')}` : undefined;
}

function emitMounted(path: string, mount: Mount, target: EmitTarget, { collector, onEmpty }: EmitContext): void {
  const { volume, name } = mount;
  if (/(?:^|\/)\.\.(?:\/|$)/.test(path)) {
    collector.unresolved(target.where, `${shown(path)} climbs with ..`);
    return;
  }
  if (volume?.via === 'volume-empty') {
    onEmpty(name, target.where);
    return;
  }
  if (volume?.read === undefined || volume.read.kind !== 'reference') {
    const what =
      volume === undefined ? 'which is not among the volumes here' : 'and what it holds is not in the object';
    collector.unresolved(target.where, `${shown(path)} is in the volume ${shown(name)}, ${what}`);
    return;
  }
  const rest = path.slice(mount.path.replace(/\/+$/, '').length);
  const { reference } = volume.read;
  const whole = volume.via === 'volume-image' || rest === '' || rest === '/';
  const inside = whole ? volume.read : { ...volume.read, reference: `${reference.replace(/\/$/, '')}${rest}` };
  emitRead(inside, target, NO_VARIABLES, collector);
}
