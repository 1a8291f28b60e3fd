import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const { owasp, atlas } = SUPPLY_CHAIN;

export const REACHING_OPERATOR: Rule = {
  id: 'tensorflow.dangerous-operator',
  title: 'A TensorFlow graph runs Python, opens files, connects or loads a library',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A graph is a program: its operators run when the model is loaded (initialisers, the restoring of variables) or called. This graph holds an operator whose kernel calls a function of the Python process, reads or writes any file that the graph names, opens a connection, or loads a library. No trained model needs one of them to predict.',
  remedy:
    'Do not load the model. Ask its publisher for an export of the layers alone (`model.export`), without steps that read or write files.',
  owasp,
  atlas,
  cwe: ['CWE-829', 'CWE-94', 'CWE-73'],
};

export const UNLISTED_OPERATOR: Rule = {
  id: 'tensorflow.unlisted-operator',
  title: 'A TensorFlow graph holds an operator that is not known to compute only',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Operators that only compute from tensors and from memory are on a list, made from the registries of released versions and reviewed family by family. This operator is not on it: it belongs to another library, whose native code the program must load first, or to a newer version of TensorFlow, or it is known to list files, read or write records, talk to other devices, or run a program that is stored as data.',
  remedy:
    'Ask the publisher of the model which library the operator comes from, and why the model needs it. Export the model without its input pipeline, summaries and debugging, or run such steps before the model.',
  owasp,
  atlas,
  cwe: ['CWE-829'],
};

export const OUTSIDE_PATH: Rule = {
  id: 'tensorflow.path-outside',
  title: 'A TensorFlow model names a file outside of its folder',
  severity: 'high',
  verdict: 'malicious',
  explanation:
    'The graph reads its vocabulary, restores variables, saves or prints through a path that it fixes itself, and that leads out of the folder of the model: an absolute path, one with "..", or an address. Loading or calling the model would read or write that file of the machine.',
  remedy: 'Do not load the model. A model that was exported whole names its own assets and variables only.',
  owasp,
  atlas,
  cwe: ['CWE-22', 'CWE-73'],
};

export const ARGUMENT: Rule = {
  id: 'tensorflow.argument',
  title: 'An operator of TensorFlow that reaches files has an argument that is not the usual one',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Saving and restoring variables, and reading a vocabulary, are usual as TensorFlow exports them: the path is the one that the loader feeds, or an asset of the model. Here it is computed, comes from a caller, or is fixed by the graph; or files are saved where the model is loaded or called; or an operator has an option that reaches more than memory.',
  remedy:
    'Look at the operator (`assay inspect`), and ask the publisher why the path is not that of the model. Export the model again with `tf.saved_model.save` or `model.export`.',
  owasp,
  atlas,
  cwe: ['CWE-73'],
};

export const TENSORFLOW_STRUCTURE = structureRule(
  'tensorflow.structure',
  'A file of TensorFlow is written in an odd way',
  'A message has a field twice that it can have once, an entry of a map twice, a field that TensorFlow does not have, or a constant larger than what the file holds for it; or a function has the name of an operator or of another function. Versions and libraries differ on what such a file says, so that it can be another model elsewhere.',
);

/** Advice: TensorFlow itself writes such paths. */
export const ABSOLUTE_CHECKPOINT: Rule = {
  id: 'tensorflow.absolute-checkpoint',
  title: 'A checkpoint file names its checkpoint by an absolute path',
  severity: 'info',
  verdict: 'none',
  explanation:
    'The file "checkpoint" tells programs which checkpoint is the latest. TensorFlow writes an absolute path where the program saved to one; on another machine it leads nowhere, or to another checkpoint.',
  remedy: 'Name the checkpoint itself when you load it, or make the path relative.',
  owasp,
  atlas: [],
  cwe: ['CWE-73'],
};

export const TENSORFLOW_RULES: readonly Rule[] = [
  REACHING_OPERATOR,
  UNLISTED_OPERATOR,
  OUTSIDE_PATH,
  ARGUMENT,
  TENSORFLOW_STRUCTURE,
  ABSOLUTE_CHECKPOINT,
];
