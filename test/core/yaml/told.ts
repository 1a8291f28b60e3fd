import { isAssayError } from '../../../src/core/errors.ts';
import { readYaml, type YamlDialect } from '../../../src/core/yaml/index.ts';

/** Every event of a walk over a text. */
export interface Told {
  readonly keys: string[];
  readonly values: string[];
  readonly tags: string[];
  documents: number;
  error: string | undefined;
}

export function readTold(text: string, dialect: YamlDialect = 'pyyaml'): Told {
  const told: Told = { keys: [], values: [], tags: [], documents: 0, error: undefined };
  try {
    readYaml(
      text,
      {
        key: (name) => void told.keys.push(name),
        scalar: (value) => void told.values.push(value),
        tag: (tag) => void told.tags.push(tag),
        document: () => void told.documents++,
      },
      { maxDepth: 50, dialect },
    );
  } catch (error) {
    if (!isAssayError(error)) throw error;
    told.error = error.code;
  }
  return told;
}
