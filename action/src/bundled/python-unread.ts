import type { PythonFacts } from '../../../src/scan/scanner/index.ts';

// Stands in for the reader of Python, which is larger than the room that the bundle has: no file is understood, so that what a configuration
// names is suspicious, and nothing is told of other files.

const UNREAD: PythonFacts = {
  kind: 'python',
  imports: [],
  defines: [],
  calls: [],
  uses: {},
  gap: 'the GitHub Action does not follow Python; assay scan does',
};

export function pythonFacts(): PythonFacts {
  return UNREAD;
}

export function textFacts(): PythonFacts {
  return UNREAD;
}
