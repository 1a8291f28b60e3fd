import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

const REFERENCES = { owasp: SUPPLY_CHAIN.owasp, atlas: SUPPLY_CHAIN.atlas, cwe: ['CWE-829', 'CWE-94'] } as const;

export const TORCHSCRIPT_RULES = {
  unknown: {
    id: 'torchscript.unknown-operator',
    title: 'TorchScript calls something other than an operator of PyTorch itself',
    severity: 'high',
    verdict: 'suspicious',
    explanation:
      'TorchScript is not Python: its source and its bytecode can only call registered operators and classes, and the listed operators of PyTorch, torchvision and torchaudio only compute. This code calls an operator or a method that is not on the list, an operator of another library, an operator that exchanges data with other processes or takes positions without checking them, or a function that only Python has.',
    remedy:
      'Ask the publisher of the model which library it needs, and why. Prefer safetensors with code that you trust.',
    ...REFERENCES,
  },
  dangerous: {
    id: 'torchscript.dangerous-operator',
    title: 'TorchScript calls an operator that reaches files or Python',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'Some operators of PyTorch and its libraries do more than compute: `aten::save` and `torchvision::write_file` write any file, `aten::from_file` maps or creates one, `torchvision::read_file` reads one, `prim::PythonOp` calls a function of the process. A program that runs the model lets it overwrite a start-up script of its user, or read a key. No model needs them.',
    remedy: 'Do not run the model. Delete it, and report it to its publisher.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-73', 'CWE-506', 'CWE-829'],
  },
} as const satisfies Record<string, Rule>;

/** Of archives of torch.export (`.pt2`). */
export const EXPORT_RULES = {
  unlisted: {
    id: 'pt2.unlisted-operator',
    title: 'An exported program calls something other than an operator that computes',
    severity: 'high',
    verdict: 'suspicious',
    explanation:
      'The nodes of a torch.export program name what they call. PyTorch walks from `torch`, `_operator` or `math` along the name, whatever it leads to, and calls it when the program runs. This program names an operator that is not on the list of those that compute, an operator that needs a library or native code, a class in C++, or a type that is imported.',
    remedy: 'Ask the publisher of the model which library it needs, and why. Export it again without custom operators.',
    ...REFERENCES,
  },
  dangerous: {
    id: 'pt2.dangerous-operator',
    title: 'An exported program calls a function that reaches files, processes or Python',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'A node of the torch.export program names a function that runs programs, evaluates code or reaches files, or an operator such as `aten.save`. PyTorch finds it along the name, from `torch` on, and calls it with arguments from the same file.',
    remedy: 'Do not run the program. Delete it, and report it to its publisher.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-470', 'CWE-506', 'CWE-829'],
  },
  code: {
    id: 'pt2.code-in-expression',
    title: 'A size or a guard of an exported program is code',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'Sizes of a torch.export program are texts that `sympy.sympify` evaluates with Python when the program is loaded, and its guards become the source of a function. A size is made of symbols, numbers and functions of SymPy. This one has attributes, calls of other names or text, which loading runs.',
    remedy: 'Do not load the program. Delete it, and report it to its publisher.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-94', 'CWE-95'],
  },
  odd: {
    id: 'pt2.odd-expression',
    title: 'A size or a guard of an exported program is not as PyTorch writes it',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'The text is evaluated with Python when the program is loaded. It has names that are not on the list of SymPy functions, or powers that take for ever to compute.',
    remedy: 'Export the program again from its source.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-95', 'CWE-400'],
  },
  native: {
    id: 'pt2.native-code',
    title: 'A package holds compiled code, or source that is compiled',
    severity: 'high',
    verdict: 'suspicious',
    explanation:
      'A package of AOTInductor holds shared libraries and kernels, or their source. Loading it runs them with all rights of the user. Machine code is not judged.',
    remedy:
      'Take only packages that you compiled yourself, or whose signature you verify. Ask for the exported program instead.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-829', 'CWE-506'],
  },
} as const satisfies Record<string, Rule>;
