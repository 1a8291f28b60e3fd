import { APE, ELF, MACH_O, PE } from '../formats/index.ts';
import { type Rule, type Scanner, SUPPLY_CHAIN } from './scanner/index.ts';

const EXECUTABLE: Rule = {
  id: 'native.executable',
  title: 'Machine code among the files of a model',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A program or a shared library. A model is data; machine code beside it runs with all rights of the user who starts or loads it, and loaders of plugins and custom operations do load libraries by name.',
  remedy: 'Remove it, or obtain it from a source that you trust, by its digest. Ask the author why a model needs it.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-829', 'CWE-506'],
};

/** Machine code is not judged: that it is there is the finding. */
export const nativeScanner: Scanner = {
  id: 'native',
  formats: [ELF.id, MACH_O.id, PE.id, APE.id],
  rules: [EXECUTABLE],
  async scanFile({ source, format }, context) {
    context.report({ rule: EXECUTABLE, message: `Machine code: ${format.title}.`, subject: format.id, offset: 0 });
    context.cover(0, source.size, 'opaque', 'machine code: reported, not judged');
  },
};
