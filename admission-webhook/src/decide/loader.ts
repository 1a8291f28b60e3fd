/**
 * Load formats that read what the loader would choose by itself, or a part of the repository that cannot hold code. Of the others
 * `pt` and `npcache` make pickles load in place of safetensors, and `tensorizer` and `remote` load from elsewhere.
 */
const SAME_FILES: ReadonlySet<string> = new Set([
  'auto',
  'hf',
  'safetensors',
  'fastsafetensors',
  'runai_streamer',
  'runai_streamer_sharded',
  'sharded_state',
  'mistral',
  'gguf',
  'bitsandbytes',
  'layered',
  'dummy',
]);

export function loadsOtherFiles(loadFormat: string | null): boolean {
  return loadFormat !== null && !SAME_FILES.has(loadFormat);
}

/** Schemes whose references `core/reference` reads, and the registry can decide on. */
const DECIDABLE: ReadonlySet<string> = new Set(['hf', 'oci', 's3', 'https', 'http', 'models']);
/** Places on a machine or in a volume: anyone who may write there decides which files are loaded. */
const SHARED: ReadonlySet<string> = new Set(['pvc', 'node', 'file']);

export type SchemeKind = 'decidable' | 'shared' | 'foreign';

/** What can be decided of references of a kind. A path without a scheme is of a volume, or of a machine. */
export function kindOfScheme(scheme: string): SchemeKind {
  if (scheme === '' || SHARED.has(scheme)) return 'shared';
  return DECIDABLE.has(scheme) ? 'decidable' : 'foreign';
}

/** Empty for a path. */
export function schemeOfReference(reference: string): string {
  return /^([a-z][a-z0-9+.-]*):\//i.exec(reference.slice(0, 64))?.[1]?.toLowerCase() ?? '';
}
