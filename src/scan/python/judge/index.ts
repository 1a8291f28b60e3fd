import { pythonSource, readPython } from '../../../formats/python/index.ts';
import type { PythonFacts } from '../../scanner/index.ts';
import { interpret } from './interpret.ts';

const NOTHING_KNOWN = { imports: [], defines: [], calls: [], uses: {} } as const;

/** What the bytes of a Python file say that it would do. Nothing of it runs. */
export function pythonFacts(bytes: Uint8Array): PythonFacts {
  const { text, doubt } = pythonSource(bytes);
  return textFacts(text, doubt);
}

/** The same of a text. @param doubt why Python may read another text */
export function textFacts(text: string, doubt?: string): PythonFacts {
  const tree = readPython(text);
  if ('why' in tree) return { kind: 'python', ...NOTHING_KNOWN, gap: tree.why };
  const facts = interpret(tree);
  return { kind: 'python', ...facts, gap: doubt ?? facts.gap };
}
