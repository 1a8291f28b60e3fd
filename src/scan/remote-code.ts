import type { Rule } from './scanner/index.ts';

/** What the pipeline reports of code that a configuration names for loaders to import. */
export const FOREIGN_CODE: Rule = {
  id: 'hub.remote-code.foreign',
  title: 'Code of another repository is loaded with the model',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'The configuration names a module of another repository of the Hub (`owner/model--module`). With `trust_remote_code=True`, Transformers fetches that module from the newest commit there and runs it. The module is not part of the artifact: it was not scanned, no digest or signature of the model covers it, and its owner can change it at any time.',
  remedy:
    'Load the model without trust_remote_code if the library knows its architecture. Otherwise copy the module into the repository of the model, review it, and name it there without the other repository.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-829', 'CWE-494'],
};

export const OWN_CODE: Rule = {
  id: 'hub.remote-code.own',
  title: 'The model brings code that runs when a program loads the model',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The configuration names a module of the repository for loaders to import, or asks loaders to trust its code. With `trust_remote_code=True` the module runs with all rights of the program that loads the model.',
  remedy:
    'Load the model without trust_remote_code if the library knows its architecture. Otherwise review the module, and pin the commit that was reviewed with `revision=`.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-829'],
};

export const remoteCodeRules: readonly Rule[] = [FOREIGN_CODE, OWN_CODE];
