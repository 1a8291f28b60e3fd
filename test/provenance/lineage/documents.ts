import type { Entity, LineageDocument } from '../../../src/provenance/lineage/document.ts';
import { readLineageDocument } from '../../../src/provenance/lineage/read.ts';

/** What a document says, as lines: each claim, and each thing with its digests. */
export function linesOf({ claims, entities, notes }: LineageDocument): string[] {
  const said = claims.map(({ from, relation, to }) => `${from.kind} ${from.name} ${relation} ${to.kind} ${to.name}`);
  return [...said, ...entities.flatMap(thing), ...notes];
}

function thing({ name, uri, path, digests, problem, size }: Entity): string[] {
  const parts = [
    ...(path === null ? [] : [`at ${path}`]),
    ...(uri === null ? [] : [`from ${uri}`]),
    ...(size === null ? [] : [`${size} bytes`]),
    ...digests.map(({ algorithm, hex, of }) => `${algorithm} of ${of} ${hex.slice(0, 8)}`),
    ...(problem === null ? [] : [problem]),
  ];
  return parts.length === 0 ? [] : [`${name}: ${parts.join(', ')}`];
}

/** Reads a value as the JSON of a file, or a text as it is. */
export function read(document: unknown, name = 'm'): Promise<LineageDocument> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return readLineageDocument(Buffer.from(text), name);
}

export const D1 = 'd1'.repeat(32);
export const D2 = 'd2'.repeat(32);
