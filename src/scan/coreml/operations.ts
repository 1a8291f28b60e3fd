import { readFileSync } from 'node:fs';

/** `operations.json`, made by `fixtures/make/coreml_models.py`. */
interface WrittenOperations {
  readonly newestSpecification: number;
  readonly operations: string;
}

interface Operations {
  readonly newest: number;
  readonly names: ReadonlySet<string>;
}

let operations: Operations | undefined;

function read(): Operations {
  const file = readFileSync(new URL('./operations.json', import.meta.url), 'utf8');
  const written = JSON.parse(file) as WrittenOperations;
  return { newest: written.newestSpecification, names: new Set(written.operations.split(' ')) };
}

/** Whether the model intermediate language of coremltools has the operation. */
export function isMilOperation(name: string): boolean {
  operations ??= read();
  return operations.names.has(name);
}

/** The newest version of the specification whose layers and operations are known. */
export function newestSpecification(): number {
  operations ??= read();
  return operations.newest;
}
