import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const REFERENCES = { owasp: SUPPLY_CHAIN.owasp, atlas: SUPPLY_CHAIN.atlas } as const;
const EXPORT_AGAIN =
  'Ask the author for a model of standard operators, or export it again from the original. Without that, do not give the runtime a library of custom operators, and waive the file only if you know its author.';

export const EXTERNAL_PATH: Rule = {
  id: 'onnx.external-path',
  title: 'A tensor of an ONNX model lies outside of its folder',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The model says that the elements of a tensor are in another file, and names one outside of its own folder: by an absolute path, `..`, a drive or a share, an address, or a place in memory. A loader that follows it reads files of the machine into the model, from where they reach whoever can see an output (CVE-2022-25882, CVE-2024-27318, CVE-2024-5187).',
  remedy: 'Do not load the model. Report it to its publisher.',
  ...REFERENCES,
  cwe: ['CWE-22', 'CWE-73'],
};

export const EXTERNAL_ODD: Rule = {
  id: 'onnx.external-odd',
  title: 'An ONNX model names a file for its tensors in an odd way',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The name of the file that holds a tensor is empty, has `..` or a backslash in it, is a link, or is that of a file that is not tensor data; or the place in it contradicts the tensor, the file or another tensor. Loaders and operating systems read such names and places in different ways.',
  remedy:
    'Ask the author to save the model again, with its tensors in one file beside it (`onnx.save_model(..., save_as_external_data=True)`).',
  ...REFERENCES,
  cwe: ['CWE-22', 'CWE-20', 'CWE-59'],
};

export const OPERATOR: Rule = {
  id: 'onnx.unlisted-operator',
  title: 'An ONNX model uses an operator that is on no list',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The operator is not one of the ONNX standard or of ONNX Runtime, and the model does not define it as a function of such operators. To run the model, the program loads a library of native code that provides the operator, or it runs Python. What the operator does is not known.',
  remedy: EXPORT_AGAIN,
  ...REFERENCES,
  cwe: ['CWE-829'],
};

export const ACTIVE_OPERATOR: Rule = {
  id: 'onnx.dangerous-operator',
  title: 'An ONNX model uses an operator that runs code or opens connections',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The operator runs a Python function that the model names, or sends its inputs to an address that stands in the model. A runtime that knows the operator does so when the model is loaded or run.',
  remedy: 'Do not load the model. Ask the author for one of standard operators.',
  ...REFERENCES,
  cwe: ['CWE-94', 'CWE-918', 'CWE-829'],
};

export const SHADOWED: Rule = {
  id: 'onnx.shadowed-operator',
  title: 'A function of an ONNX model has the name of a standard operator',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The model defines a function in the domain of standard operators. Some runtimes call the function, others their own operator: the model that was tested is not the one that runs.',
  remedy: EXPORT_AGAIN,
  ...REFERENCES,
  cwe: ['CWE-436'],
};

export const FUNCTIONS: Rule = {
  id: 'onnx.function-loop',
  title: 'Functions of an ONNX model call each other without end',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Functions are replaced by their bodies when a model is loaded. These call themselves, or call others so often that the whole has more nodes than a machine can hold: loading the model does not end, or takes all memory.',
  remedy: EXPORT_AGAIN,
  ...REFERENCES,
  cwe: ['CWE-674', 'CWE-400'],
};

export const MODEL_STRUCTURE: Rule = structureRule(
  'onnx.structure',
  'An ONNX model contradicts itself',
  'A field comes twice or is unknown, a tensor does not have the bytes that its type and dimensions need, an operator set is missing, or the like. Loaders differ on what they make of it: what one reader checks is not what another loads.',
);

export const HIDDEN_CONTENT: Rule = {
  id: 'onnx.hidden-content',
  title: 'An ONNX model holds a program or an archive as text',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A text of the model (metadata, a description, an element of a tensor, an attribute) begins as a pickle, a program, an archive or a script does, or holds markup that runs when it is shown. Runtimes ignore it; programs that show or interpret such texts may not.',
  remedy: 'Look at the text, and write the model again without it.',
  ...REFERENCES,
  cwe: ['CWE-79', 'CWE-94', 'CWE-502'],
};

export const onnxRules: readonly Rule[] = [
  EXTERNAL_PATH,
  EXTERNAL_ODD,
  OPERATOR,
  ACTIVE_OPERATOR,
  SHADOWED,
  FUNCTIONS,
  MODEL_STRUCTURE,
  HIDDEN_CONTENT,
];
