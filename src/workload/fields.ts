import { COST, type Collector, NO_FLAGS } from './collector.ts';
import type { ReadContainer } from './container.ts';
import { emitContainer, emitRead } from './emit.ts';
import { isFields, own, ownText, step } from './own.ts';
import { compilePath, followPath, type Place } from './path.ts';
import { readEntrypoint, readRayEnvironment, readRayServe } from './ray.ts';
import { readReference } from './reference.ts';
import type { LoaderFlags } from './result.ts';
import { FIELDS, type FieldRow } from './table/index.ts';
import type { Variables } from './variables.ts';

type FindsField = Extract<FieldRow['what'], { readonly finds: unknown }>;

interface Compiled {
  readonly row: FieldRow;
  readonly steps: ReturnType<typeof compilePath>;
}

const BY_KIND = byKind();

function byKind(): ReadonlyMap<string, readonly Compiled[]> {
  const map = new Map<string, Compiled[]>();
  for (const row of FIELDS) {
    const compiled = { row, steps: compilePath(row.path) };
    for (const kind of row.kinds) {
      const key = `${row.group}/${kind}`;
      map.set(key, [...(map.get(key) ?? []), compiled]);
    }
  }
  return map;
}

/** Containers of the object by their place: a model in a field beside them is loaded by their settings. */
export type Loaders = ReadonlyMap<string, ReadContainer>;

/** Reads the fields of a kind that name models. */
export function readFields(object: unknown, groupKind: string, loaders: Loaders, collector: Collector): void {
  for (const { row, steps } of BY_KIND.get(groupKind) ?? []) {
    for (const place of followPath(steps, { value: object, where: '' }, collector)) {
      if (!collector.visit(place.where, COST.reference)) return;
      readField(row, place, object, loaders, collector);
    }
  }
}

function readField(row: FieldRow, place: Place, object: unknown, loaders: Loaders, collector: Collector): void {
  const { what, id } = row;
  const { value, where } = place;
  if (value === null || value === '') return;
  if ('finds' in what) {
    readFinds(what, id, place, loaders, collector);
    return;
  }
  if ('unread' in what) {
    const name = typeof value === 'string' ? value : (ownText(value, 'name') ?? ownText(value, 'path'));
    collector.unresolved(where, name === undefined ? what.unread : `${name.slice(0, 100)}: ${what.unread}`);
    return;
  }
  if (typeof value !== 'string') {
    collector.unresolved(where, 'is not text');
    return;
  }
  switch (what.reads) {
    case 'ray-serve':
      readRayServe(value, where, id, collector);
      return;
    case 'ray-environment':
      readRayEnvironment(value, where, id, collector);
      return;
    case 'command-line': {
      collector.run({ where, what: 'command' });
      const { told, variables } = readEntrypoint(
        value,
        where,
        ownText(own(object, 'spec'), 'runtimeEnvYAML'),
        collector,
      );
      const container = { name: null, where, image: undefined, workingDir: undefined, told, variables, loads: true };
      emitContainer(container, {
        collector,
        mounts: [],
        onEmpty: () => {},
        injected: undefined,
        onInjected: () => {},
      });
    }
  }
}

function readFinds(what: FindsField, via: string, place: Place, loaders: Loaders, collector: Collector): void {
  const { parts } = what;
  const text = parts === undefined ? place.value : partsText(what, place.value);
  if (text === undefined) return;
  const last = parts?.find((part) => ownText(place.value, part) !== undefined && !/namespace/.test(part));
  const where = last === undefined ? place.where : step(place.where, last);
  if (typeof text !== 'string') {
    collector.unresolved(where, 'is not text');
    return;
  }
  const revision = what.revision === undefined ? undefined : ownText(place.value, what.revision);
  const server = what.endpoint === undefined ? undefined : ownText(place.value, what.endpoint);
  const beside = loaders.get(where.slice(0, where.lastIndexOf('/')));
  const target = { role: what.finds, where, container: beside?.name ?? null, via, flags: flagsOf(beside, loaders) };
  const variables: Variables = beside?.variables ?? new Map();
  const read = readReference(text, what.bare ?? 'hub', revision || undefined);
  emitRead(read, target, variables, collector, server || undefined);
}

/** `namespace/name`, or an image and its tag. */
function partsText({ parts = [], bare }: FindsField, value: unknown): string | undefined {
  if (bare === 'image' && typeof value === 'string') return value;
  if (!isFields(value)) return undefined;
  const texts = parts.map((part) => ownText(value, part) ?? '');
  const needed = bare === 'image' ? texts[0] : texts.at(-1);
  if (needed === undefined || needed === '') return undefined;
  const given = texts.filter((text) => text !== '');
  if (bare !== 'image') return given.join('/');
  const [repository = '', tag] = given;
  return tag === undefined ? repository : `${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
}

/** Of the container beside a field; remote code that any container of the object trusts is trusted for all of it. */
function flagsOf(beside: ReadContainer | undefined, loaders: Loaders): LoaderFlags {
  let trustRemoteCode = false;
  for (const { told } of loaders.values()) trustRemoteCode ||= told.trustRemoteCode;
  if (beside === undefined) return { ...NO_FLAGS, trustRemoteCode };
  const { told } = beside;
  return { trustRemoteCode, offline: told.offline, ...told.loading() };
}
