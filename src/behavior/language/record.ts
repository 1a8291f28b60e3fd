import { throwIfAborted } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import type { Prompts } from '../data/index.ts';
import type { Decoder } from './decoder.ts';
import { type Generated, generate } from './generate.ts';
import { RECORDED_VALUES, recordingArrays } from './recording-file.ts';

/**
 * Continues prompts, and gives what `generation` compares with: the tokens, and the logits of the first prompts.
 * @throws AssayError what generating throws
 */
export async function recordTexts(
  decoder: Decoder,
  prompts: Pick<Prompts, 'ids' | 'newTokens' | 'eos'>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, PlainArray>> {
  const generated: Generated[] = [];
  let values = 0;
  for (const ids of prompts.ids) {
    throwIfAborted(signal);
    const options = { maxNewTokens: prompts.newTokens, eos: prompts.eos, signal };
    const one = await generate(decoder, [...ids], { ...options, keepLogits: values < RECORDED_VALUES });
    // Rows of an array have one length: that of the longest text.
    values += prompts.newTokens * (one.logits[0]?.length ?? 0);
    const isKept = values <= RECORDED_VALUES && one.logits.length > 0;
    generated.push(isKept ? one : { ...one, logits: [] });
  }
  return recordingArrays(prompts, generated);
}
