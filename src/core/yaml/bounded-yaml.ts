import { AssayError } from '../errors.ts';
import { assertShallowYaml } from './nesting.ts';

/** A parse takes up to 14 microseconds and 3 KB for each byte (measured). */
export const MAX_YAML_BYTES = 128 * 1024;

/**
 * Parses one untrusted YAML document. Every scalar is a string; aliases and repeated keys are refused.
 * @throws AssayError `limit`, `malformed`.
 */
export async function parseBoundedYaml(bytes: Uint8Array, name: string): Promise<unknown> {
  if (bytes.length > MAX_YAML_BYTES) {
    throw new AssayError('limit', `has more than ${MAX_YAML_BYTES} bytes`, { subject: name });
  }
  const { isScalar, parseDocument, visit } = await import('yaml');
  const malformed = (what: string, cause?: unknown) => new AssayError('malformed', what, { subject: name, cause });
  const malformedKey = () => {
    throw malformed('has a key that is not text');
  };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    assertShallowYaml(text, name);
    // The library compares each key with every other: that is done here, in one pass.
    const document = parseDocument(text, {
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const [first] = document.errors;
    if (first !== undefined) throw first;
    visit(document, {
      Alias: () => {
        throw malformed('has an alias');
      },
      Map: (_, map) => {
        const keys = new Set(map.items.map(({ key }) => (isScalar(key) ? key.value : malformedKey())));
        if (keys.size < map.items.length) throw malformed('has a key twice');
      },
    });
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof AssayError) throw error;
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    // The library may report a stack overflow as an error of the document.
    if (/call stack/.test(why)) throw new AssayError('limit', 'is nested too deep', { subject: name, cause: error });
    throw malformed(`is not YAML: ${why}`, error);
  }
}
