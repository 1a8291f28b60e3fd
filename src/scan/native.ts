import { APE, ELF, MACH_O, PE } from '../formats/index.ts';
import { type Rule, type Scanner, SUPPLY_CHAIN } from './scanner/index.ts';

const EXECUTABLE: Rule = {
  id: 'native.executable',
  title: 'Machine code among the files of a model',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The file is a program or a shared library. Machine code runs with all rights of the user who starts or loads it, and some loaders load plugins and custom operations from libraries by name.',
  remedy:
    'Remove it, or get it from a source that you trust and compare its digest. Ask the author why the model needs it.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-829', 'CWE-506'],
};

/** Machine code is not judged: its presence is the finding. */
export const nativeScanner: Scanner = {
  id: 'native',
  formats: [ELF.id, MACH_O.id, PE.id, APE.id],
  rules: [EXECUTABLE],
  async scanFile({ source, format }, context) {
    context.report({
      rule: EXECUTABLE,
      message: `The file is machine code: ${format.title}.`,
      subject: format.id,
      offset: 0,
    });
    context.cover(0, source.size, 'opaque', 'machine code: reported, not judged');
  },
};
