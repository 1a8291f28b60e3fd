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
