import { readFileSync } from 'node:fs';

interface OperatorSet {
  /** The newest version that is known. */
  readonly newest: number;
  /** The versions that changed an operator, by its name, the first that has it first. */
  readonly operators: Readonly<Record<string, string>>;
}

interface OperatorLists {
  readonly newestIr: number;
  readonly sets: Readonly<Record<string, OperatorSet>>;
}

let lists: OperatorLists | undefined;

export function operatorLists(): OperatorLists {
  lists ??= JSON.parse(readFileSync(new URL('./operators.json', import.meta.url), 'utf8')) as OperatorLists;
  return lists;
}

/** The standard set has two names. */
export function domainName(domain: string): string {
  return domain === '' ? 'ai.onnx' : domain;
}

/** @returns undefined for a domain of which no operator is listed */
export function operatorSet(domain: string): OperatorSet | undefined {
  const { sets } = operatorLists();
  const name = domainName(domain);
  return Object.hasOwn(sets, name) ? sets[name] : undefined;
}

/** The first version of its set that has the operator. @returns undefined when it is not listed */
export function firstVersion(domain: string, name: string): number | undefined {
  const operators = operatorSet(domain)?.operators ?? {};
  const versions = Object.hasOwn(operators, name) ? operators[name] : undefined;
  return versions === undefined ? undefined : Number(versions.split(' ')[0]);
}

/** What is known of operators that are not listed. The first row that matches counts; `malicious` raises the verdict. */
interface KnownOperator {
  readonly domain: RegExp;
  readonly name: RegExp;
  readonly malicious: boolean;
  /** Follows the operator's name. */
  readonly what: string;
}

const KNOWN: readonly KnownOperator[] = [
  {
    domain: /^com\.microsoft$/,
    name: /^(?:PythonOp|PythonOpGrad|TritonOp)$/,
    malicious: true,
    what: 'calls a Python function that the model names',
  },
  {
    domain: /^com\.microsoft\.extensions$/,
    name: /^(?:Azure|OpenAI|Triton)/,
    malicious: true,
    what: 'sends its inputs to an address that the model names',
  },
  {
    domain: /^com\.microsoft$|^$/,
    name: /^EPContext$/,
    malicious: false,
    what: 'is a binary, in the model or in a file that it names, which the driver of an accelerator loads',
  },
  {
    domain: /^com\.microsoft$/,
    name: /^Snpe$/,
    malicious: false,
    what: "is a model of Qualcomm's runtime, which loads it",
  },
  {
    domain: /^(?:com\.microsoft|org\.pytorch\.aten)$/,
    name: /^ATen$/,
    malicious: false,
    what: 'calls any function of PyTorch by its name',
  },
  {
    domain: /^ai\.onnx\.contrib$/,
    name: /^(?:PyOp|PyCustomOp)/,
    malicious: false,
    what: 'calls a Python function that the program registers (onnxruntime-extensions)',
  },
  {
    domain: /^(?:ai\.onnx\.contrib|com\.microsoft\.extensions)$/,
    name: /^/,
    malicious: false,
    what: 'is in the library of onnxruntime-extensions, which the program has to load',
  },
  { domain: /^trt\.plugins$/, name: /^/, malicious: false, what: 'is a plugin of TensorRT, which is native code' },
  {
    domain: /^(?:ai\.onnx)?$/,
    name: /_TRT$/,
    malicious: false,
    what: 'is a plugin of TensorRT, which is native code',
  },
];

export function knownOperator(domain: string, name: string): KnownOperator | undefined {
  return KNOWN.find((one) => one.domain.test(domain) && one.name.test(name));
}
