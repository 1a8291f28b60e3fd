import { createRequire } from 'node:module';

type Yaml = typeof import('yaml');
let loaded: Yaml | undefined;

/** Loading it takes a third of the time that a scan of a small file takes: it is done when a file is read, not before. */
export function yamlLibrary(): Yaml {
  const load: (id: string) => Yaml = createRequire(import.meta.url);
  loaded ??= load('yaml');
  return loaded;
}
