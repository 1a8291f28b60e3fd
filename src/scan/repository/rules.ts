import type { Rule } from '../scanner/index.ts';
import { shardContentRules } from './shards.ts';

const CODE = {
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
} as const;

export const FOREIGN_CODE: Rule = {
  id: 'hub.remote-code.foreign',
  title: 'Code of another repository is loaded with the model',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'The configuration names a module of another repository of the Hub (`owner/model--module`). With `trust_remote_code=True`, Transformers fetches that module from the newest commit there and runs it. The module is not part of the artifact: it was not scanned, no digest or signature of the model covers it, and its owner can change it at any time.',
  remedy:
    'Load the model without trust_remote_code if the library knows its architecture. Otherwise copy the module into the repository of the model, review it, and name it there without the other repository.',
  ...CODE,
  cwe: ['CWE-829', 'CWE-494'],
};

export const OWN_CODE: Rule = {
  id: 'hub.remote-code.own',
  title: 'The model brings code that runs when a program loads the model',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A configuration names a module of the artifact for a loader to import (`auto_map`, `custom_pipelines`, a handler of TorchServe, `loader_module` of MLflow, ...). The loader runs it with all rights of the program that loads the model. Reading code does not prove it harmless, so a module that a configuration names is suspicious whatever it holds.',
  remedy:
    'Load the model without trust_remote_code if the library knows its architecture. Otherwise review the module. An organisation approves what it has reviewed by its digest (`assay scan --allow`, an entry with `code: sha256:...`).',
  ...CODE,
  cwe: ['CWE-829'],
};

export const APPROVED_CODE: Rule = {
  id: 'hub.remote-code.approved',
  title: 'Code that runs when the model is loaded is approved by its digest',
  severity: 'info',
  verdict: 'none',
  explanation:
    'A configuration names a module of the artifact for a loader to import. The allowances of the organisation approve exactly these bytes, and those of every module of the artifact that they import. The code stays not-assessed: a person has vouched for it, not a scanner.',
  remedy: 'Nothing. Review the code again when the approval expires.',
  ...CODE,
  cwe: ['CWE-829'],
};

export const ASKED_TRUST: Rule = {
  id: 'hub.remote-code.asked',
  title: 'A configuration asks loaders to trust code of a repository',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The configuration sets `trust_remote_code`, and names no module. A program that takes the setting over runs code that any model it loads names.',
  remedy: 'Remove the setting. The program that loads a model decides whether it trusts the code.',
  ...CODE,
  cwe: ['CWE-829'],
};

export const PACKAGE_CODE: Rule = {
  id: 'hub.remote-code.package',
  title: 'A configuration names a module that is not of the library that loads it',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The configuration of a pipeline, or the description of a model, names a Python module that is neither in the artifact nor of the library that reads the configuration. The loader imports whatever the environment has under this name: a package that somebody else may have registered, or a file on the path of imports.',
  remedy: 'Find out which package is meant, and install it pinned. Otherwise name a class of the library.',
  ...CODE,
  cwe: ['CWE-829', 'CWE-427'],
};

export const ARMED_CALL: Rule = {
  id: 'python.armed-call',
  title: 'Code that loading the model runs starts programs, or does what no model needs',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A configuration of the artifact makes a loader run this Python file. When the file is imported, or in what the loader calls, it starts a program, runs decoded or downloaded text as code, loads native code, opens a connection, sends what the environment holds, or writes where other programs find it. The code was followed by its text: through other names, assignments, `getattr`, decorators, default values, class bodies and functions that are handed on.',
  remedy:
    'Do not load the model. Read the lines that the finding names, and report the model to the site that you downloaded it from.',
  ...CODE,
  cwe: ['CWE-506', 'CWE-829'],
};

export const DECODED_CODE: Rule = {
  id: 'python.decoded-code',
  title: 'Python code decodes text and runs it',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The file passes what a decoder gives (Base64, zlib, hexadecimal, rot13, `chr`, exclusive or, marshal, text that is turned around) to `exec`, `eval`, a new process, native code or an import, or looks a function up by a decoded name. Ordinary programs have no reason to hide what they run. The finding stands whether or not a configuration names the file.',
  remedy: 'Do not run the file. Delete it, and report it to its publisher.',
  ...CODE,
  cwe: ['CWE-506', 'CWE-95'],
};

export const START_FILE: Rule = {
  id: 'python.start-up-file',
  title: 'A file that Python runs by itself at every start',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Python imports `sitecustomize` and `usercustomize` at every start, before any program, when they are on its path of imports. The folder of a model is on that path wherever a program starts in it or adds it.',
  remedy: 'Remove the file. A model needs none.',
  ...CODE,
  cwe: ['CWE-427', 'CWE-506'],
};

export const SHADOW_FILE: Rule = {
  id: 'python.shadowed-module',
  title: 'A file takes the place of a module of Python or of a framework',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The file has the name of a module that programs import. Where the folder of the model is on the path of imports, which it is for a program that starts in it, Python imports this file in place of that module.',
  remedy: 'Rename the file, or load the model from another folder.',
  ...CODE,
  cwe: ['CWE-427'],
};

export const INSTALL_CODE: Rule = {
  id: 'python.install-code',
  title: 'Installing or testing the folder runs programs',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'Tools run this file by its name: pip runs `setup.py` and the build backend of `pyproject.toml`, pytest imports `conftest.py`. The file starts a program, opens a connection, or does something else that installing does not need.',
  remedy: 'Do not install the folder (`pip install .`). Loading a model does not need it.',
  ...CODE,
  cwe: ['CWE-506', 'CWE-829'],
};

export const INSTALL_SOURCE: Rule = {
  id: 'python.install-source',
  title: 'A list of packages installs from an unusual place',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The list of packages names another registry, an address, or a connection that is not encrypted. Servers that prepare a model (MLflow, TorchServe, the Hub) install such a list, and installing a package runs its code. With another registry beside the usual one, pip takes the newest version of either: a name that is private there can be registered in the other.',
  remedy: 'Install the packages from the usual registry, pinned with hashes.',
  ...CODE,
  cwe: ['CWE-494', 'CWE-829'],
};

export const repositoryRules: readonly Rule[] = [
  FOREIGN_CODE,
  OWN_CODE,
  APPROVED_CODE,
  ASKED_TRUST,
  PACKAGE_CODE,
  ARMED_CALL,
  DECODED_CODE,
  START_FILE,
  SHADOW_FILE,
  INSTALL_CODE,
  INSTALL_SOURCE,
  ...shardContentRules,
];
