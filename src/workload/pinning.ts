import type { WorkloadRole } from './result.ts';
import {
  ANNOTATIONS,
  type Attribute,
  FIELDS,
  type Means,
  type PinSpelling,
  PROGRAMS,
  type ProgramRow,
} from './table/index.ts';

/** Which attribute is the revision of what is loaded for a role. */
export const REVISION_OF: Readonly<Partial<Record<WorkloadRole, Attribute>>> = {
  model: 'revision',
  code: 'revision',
  tokenizer: 'tokenizerRevision',
  draft: 'draftRevision',
};

/** How the row that found a reference of the Hub receives the revision. */
export type Pinning =
  | { readonly kind: 'within'; readonly spelled: PinSpelling }
  /** A property beside the one that names it. */
  | { readonly kind: 'property'; readonly name: string }
  | {
      readonly kind: 'beside';
      /** Those that set it where they stand, with `-` for `_`. */
      readonly arguments: readonly string[];
      readonly variables: readonly string[];
      /** What is added where none stands. */
      readonly adds: { readonly argument?: string; readonly variable?: string };
    };

const BY_ID: ReadonlyMap<string, ProgramRow> = new Map(PROGRAMS.map((row) => [row.id, row]));

/**
 * @param via of the reference, its row in the tables
 * @returns nothing where the tables know no way to say it
 */
export function pinningsOf(via: string, role: WorkloadRole): readonly Pinning[] {
  const program = BY_ID.get(via);
  if (program !== undefined) return [...within(program.pins), ...besides(program, REVISION_OF[role])];
  const field = FIELDS.find(({ id }) => id === via);
  if (field === undefined) return within(ANNOTATIONS.find(({ id }) => id === via)?.pins);
  const property = 'finds' in field.what ? field.what.revision : undefined;
  return [...within(field.pins), ...(property === undefined ? [] : [{ kind: 'property', name: property } as const])];
}

function within(spelled: PinSpelling | undefined): readonly Pinning[] {
  return spelled === undefined ? [] : [{ kind: 'within', spelled }];
}

function besides(row: ProgramRow, attribute: Attribute | undefined): readonly Pinning[] {
  if (attribute === undefined) return [];
  const names = (table: Readonly<Record<string, Means>>) =>
    Object.entries(table).flatMap(([name, means]) => ('sets' in means && means.sets === attribute ? [name] : []));
  return [
    { kind: 'beside', arguments: names(row.takes), variables: names(row.env), adds: row.adds?.[attribute] ?? {} },
  ];
}

/**
 * The arguments and variables that make the program of a row load from somewhere else than the Hub's cache.
 * @returns `undefined` for a program that is not known to load from that cache alone while `HF_HUB_OFFLINE` is set
 */
export function elsewhereOf(via: string, image: string): readonly string[] | undefined {
  const cache = BY_ID.get(via)?.hubCache;
  if (cache === undefined || cache.not?.some((part) => image.toLowerCase().includes(part)) === true) return undefined;
  return cache.elsewhere;
}
