import { AssayError } from '../../../core/index.ts';
import type { Prompts } from '../../data/index.ts';
import { type Continuation, type Continue, continuing, decoderOf, type GenerateOptions } from '../../language/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import type { TestContext, TestData } from '../kind.ts';

/** @throws AssayError `internal` for rows, which a suite with such a test does not name */
export function promptsOf({ prompts }: TestData): Prompts {
  if (prompts === undefined) throw new AssayError('internal', 'the data of the test are not prompts');
  return prompts;
}

export function generateOptions({ newTokens, eos }: Prompts, { signal }: TestContext): GenerateOptions {
  return { maxNewTokens: newTokens, eos, signal };
}

/** Continues texts with a model; each text once, however often it is asked for. */
export function continueWith(model: TestedModel, context: TestContext): Continue {
  const prompts = promptsOf(context.data);
  const { special, tokenizer } = prompts;
  const known = new Map<string, Continuation>();
  const more = continuing(decoderOf(model.runner), tokenizer, {
    ...prompts.tokenizing(context.signal),
    ...generateOptions(prompts, context),
    special,
    keepLogits: false,
    onText: (done, of) => context.onStep(`text ${done} of ${of}`),
  });
  return async (texts) => {
    const fresh = [...new Set(texts)].filter((text) => !known.has(text));
    for (const continuation of await more(fresh)) known.set(continuation.prompt, continuation);
    return texts.map((text) => {
      const continuation = known.get(text);
      if (continuation === undefined) throw new AssayError('internal', 'a prompt was not continued');
      return continuation;
    });
  };
}
