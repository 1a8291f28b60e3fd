import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const REFERENCES = { owasp: SUPPLY_CHAIN.owasp, atlas: SUPPLY_CHAIN.atlas, cwe: ['CWE-502', 'CWE-94'] } as const;

const CODE: Rule = {
  id: 'keras.code',
  title: 'A Keras model holds Python code',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A Lambda layer, or another place for a function, holds marshalled Python byte code. Keras runs it when the model is loaded or first used. `safe_mode` stops it only in `.keras` files of newer versions: Keras 2 and tf.keras run it from `.h5` files, and so did Keras 3 before 3.11.3 (CVE-2024-3660, CVE-2025-9905).',
  remedy:
    'Do not load the model. Ask its author to write the function as a registered class or with layers of Keras, and to save it again.',
  ...REFERENCES,
};
const DANGEROUS: Rule = {
  id: 'keras.dangerous-object',
  title: 'A Keras model names something that does more than compute',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The configuration names a class or function that runs programs, reads or writes files, opens connections, or unpickles: a module outside of Keras (CVE-2025-1550), a function of Keras itself such as `get_file` (CVE-2025-8747), a layer that loads another model (CVE-2026-1462, CVE-2025-49655), or an operation of TensorFlow on files. Keras makes or calls it when the model is loaded.',
  remedy: 'Do not load the model. Delete it, and report it to its publisher.',
  ...REFERENCES,
};
const CUSTOM: Rule = {
  id: 'keras.custom-object',
  title: 'A Keras model needs code that is not part of Keras',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The configuration names a class or function of another package, or one that a program registers. Keras 2 imports the module by its name and calls what it finds there; Keras 3 takes what the program has registered. Which code runs is decided by what is installed where the model is loaded.',
  remedy:
    'Read that code where it is published, and load the model only where exactly that code is installed. Or build the model from layers of Keras, and save it again.',
  ...REFERENCES,
};
const UNLISTED: Rule = {
  id: 'keras.unlisted',
  title: 'A Keras model holds what no listed version of Keras writes',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A class, function, argument or value of the configuration is not among those of the versions of Keras that Assay knows. It can be of a newer version, or it can reach a part of Keras that does more than compute.',
  remedy:
    'Compare the name with the documentation of Keras. If it is of a newer version, update Assay; otherwise, do not load the model.',
  ...REFERENCES,
};
const OUTSIDE_FILE: Rule = {
  id: 'keras.outside-file',
  title: 'A Keras layer reads a file outside of the model',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A lookup layer takes its vocabulary from a path or an address, not from the model (CVE-2025-12058). Keras opens it when the model is loaded: a file of the machine becomes part of the model, or the machine sends a request.',
  remedy:
    'Ask the author to save the model with the vocabulary as a list. Do not load the file on a machine with secrets.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-73', 'CWE-918'],
};
const STRUCTURE = structureRule(
  'keras.structure',
  'The configuration of a Keras model can be read in two ways',
  'A key is named twice, an object stands where Keras expects another kind, or a value is not of the type that it must be. Loaders differ on what they make of it, and a scanner that reads it in one way misses the other.',
);
const ALLOCATION: Rule = {
  id: 'keras.allocation',
  title: 'A Keras layer would take more memory than a machine has',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'Keras makes the weights of each layer by the sizes in the configuration, before it reads the file with the weights. These sizes ask for more memory than any machine has, so that loading stops the program (CVE-2026-0897).',
  remedy: 'Do not load the model. Ask its author for the right file.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-770', 'CWE-789'],
};

export const KERAS_RULES = {
  code: CODE,
  dangerous: DANGEROUS,
  custom: CUSTOM,
  unlisted: UNLISTED,
  outsideFile: OUTSIDE_FILE,
  structure: STRUCTURE,
  allocation: ALLOCATION,
} as const;

export type KerasRule = keyof typeof KERAS_RULES;
