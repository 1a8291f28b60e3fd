import { MemorySource } from '../../../core/bytes/index.ts';
import { readFacts } from '../../../formats/model-card/index.ts';
import { DocumentBuilder, type LineageDocument } from '../document.ts';

/**
 * Reads the front matter of a model card of the Hugging Face Hub: names of data sets and base models, which the author of the card chose.
 * @throws AssayError `malformed`, `limit`
 */
export async function readCard(bytes: Uint8Array, name: string): Promise<LineageDocument> {
  const facts = await readFacts('card', name, new MemorySource(bytes, name));
  const builder = new DocumentBuilder('model-card', name);
  const model = builder.entity({ kind: 'model', name });
  const { values } = facts.told();
  const [relation] = values.baseRelation ?? [];
  for (const base of values.baseModels ?? []) {
    builder.claim(model, 'started from', builder.entity({ kind: 'model', name: base, uri: `hf://${base}` }));
  }
  const datasets = values.datasets ?? [];
  if (datasets.length > 0) {
    const run = builder.entity({ kind: 'run', name });
    builder.claim(model, 'trained by', run);
    for (const dataset of datasets) {
      builder.claim(
        run,
        'trained on',
        builder.entity({ kind: 'data', name: dataset, uri: `hf://datasets/${dataset}` }),
      );
    }
  }
  if (relation !== undefined) builder.note(`says that it is related to its base model as ${relation.slice(0, 100)}`);
  builder.note('names data and models without their digests, as its author chose');
  return builder.done();
}
