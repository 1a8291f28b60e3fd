import type { ByteSource } from '../../core/bytes/index.ts';
import { type ConfigKind, readModelConfig } from './config.ts';
import type { Facts } from './facts.ts';
import { MAX_FRONT_MATTER, readModelCard } from './model-card.ts';

/** Files at the root of an artifact that say what the model is. */
const AT_ROOT: ReadonlyMap<string, ConfigKind | 'card'> = new Map([
  ['README.md', 'card'],
  ['config.json', 'config'],
  ['adapter_config.json', 'adapter'],
  ['modules.json', 'modules'],
  ['model_index.json', 'pipeline'],
]);

/** Files that name code for a loader to import, at the root and in the folder of a part. */
const PARTS: ReadonlySet<string> = new Set([
  'config.json',
  'generation_config.json',
  'image_processor_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'scheduler_config.json',
  'sentence_bert_config.json',
  'tokenizer_config.json',
  'video_preprocessor_config.json',
]);

/** Folders that Diffusers and Sentence Transformers keep the parts of a model in. */
const PART_FOLDER =
  /^(?:controlnet|decoder|feature_extractor|image_encoder|image_processor|language_model|movq|prior|processor|projection_model|safety_checker|scheduler|text_encoder(?:_\d)?|tokenizer(?:_\d)?|transformer(?:_\d)?|unet(?:_\d)?|vae|vision_encoder|vocoder|vqvae|\d{1,2}_[A-Z]\w{0,50})$/;

/** The kind of declarations in a file of this path; `undefined` for any other file. */
export function declaringKind(path: string): ConfigKind | 'card' | undefined {
  const slash = path.indexOf('/');
  const name = path.slice(slash + 1);
  if (slash >= 0) return PARTS.has(name) && PART_FOLDER.test(path.slice(0, slash)) ? 'part' : undefined;
  return AT_ROOT.get(name) ?? (PARTS.has(name) ? 'part' : undefined);
}

/**
 * What the file declares. Of a card only the front matter is read.
 * @throws AssayError `malformed`, `truncated`, `limit`, and what reading throws.
 */
export async function readFacts(kind: ConfigKind | 'card', path: string, source: ByteSource): Promise<Facts> {
  if (kind !== 'card') return readModelConfig(kind, source, path.slice(0, path.indexOf('/') + 1));
  const length = Math.min(source.size, MAX_FRONT_MATTER);
  return readModelCard(source.readNow(0, length) ?? (await source.read(0, length)), path);
}
