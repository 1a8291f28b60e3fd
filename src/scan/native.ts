import { EXECUTABLE_HEAD, readExecutable } from '../formats/executables/index.ts';
import { APE, ELF, MACH_O, PE } from '../formats/index.ts';
import { EMBEDDED, type Rule, type Scanner, SUPPLY_CHAIN } from './scanner/index.ts';

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

/** How Python names the modules that it loads as libraries. */
const PYTHON_EXTENSION = /\.pyd$|\.(?:cpython|cp|pypy|abi)[\w-]*\.so$/i;

/** Machine code is not judged: its presence is the finding. */
export const nativeScanner: Scanner = {
  id: 'native',
  formats: [ELF.id, MACH_O.id, PE.id, APE.id],
  rules: [EXECUTABLE, EMBEDDED],
  async scanFile({ source, format, file, member = file }, context) {
    const executable = readExecutable(await source.read(0, Math.min(EXECUTABLE_HEAD, source.size)), source.size);
    const use = PYTHON_EXTENSION.test(member) ? ', a module that Python loads when its name is imported' : '';
    context.report({
      rule: EXECUTABLE,
      message: `The file is machine code: ${executable?.what ?? format.title}${use}.`,
      subject: format.id,
      offset: 0,
    });
    context.cover(0, source.size, 'opaque', 'machine code: reported, not judged');
  },
};
