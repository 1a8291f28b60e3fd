import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

const REFERENCES = {
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-470', 'CWE-502', 'CWE-829'],
} as const;

export const DANGEROUS_TARGET: Rule = {
  id: 'config.dangerous-target',
  title: 'A configuration calls something dangerous',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A key or tag that a loader acts on (`_target_` of Hydra and NeMo, `class_path` of Lightning, `target` of latent diffusion, `!new:`, `!apply:` and `!name:` of HyperPyYAML, `!!python/...` of YAML) names a function that runs programs, evaluates code or changes files. The loader imports and calls it with arguments from the same document.',
  remedy: 'Do not load the configuration. Delete it, and report it to its publisher.',
  ...REFERENCES,
};

export const TARGET: Rule = {
  id: 'config.names-code',
  title: 'A configuration names code for a loader to import and call',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A key or tag that a loader acts on (`_target_` of Hydra and NeMo, `class_path` of Lightning, `target` with `params` of latent diffusion, `!new:` of HyperPyYAML) names a class or function by its path. The loader imports the module and calls what it finds there, with arguments from the same document: the author of the document chooses which code runs.',
  remedy:
    'Look up each name: it should belong to the library of the model. An organisation that knows a name allows it exactly (`--allow`), with the use `call`. Otherwise, write the settings without names of code, or waive the file.',
  ...REFERENCES,
};

export const DANGEROUS_TEMPLATE: Rule = {
  id: 'template.reaches-objects',
  title: 'A template reaches the Python objects behind its values',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The template reads attributes such as `__class__` or `__globals__`, or builds the name of an attribute from parts. Through these it reaches every module of Python. A loader that renders it without a sandbox, as several loaders of chat templates did (CVE-2024-34359, CVE-2026-5760), lets it run any program. No chat template needs these attributes.',
  remedy: 'Do not render the template. Use the template of the base model, and report this one.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-1336', 'CWE-94'],
};

export const ODD_TEMPLATE: Rule = {
  id: 'template.odd',
  title: 'A template uses features that no chat template needs',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The template names Jinja objects that lead to the internals of Jinja, builds text with `format` or `%c`, holds names with double underscores, or loops very often. Attacks on template engines use these features; templates that format a conversation do not.',
  remedy: 'Compare the template with that of the base model. Render templates in a sandbox only.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-1336', 'CWE-400'],
};

export const DECODED_COMMAND: Rule = {
  id: 'command.decoded',
  title: 'A command decodes a text of the file and runs it',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A script, a Dockerfile or a workflow passes a text that stands in the file itself through a decoder (Base64, hexadecimal, escapes, `rev`, `tr`) to a shell or another interpreter. Who writes a command for people to read does not hide it.',
  remedy: 'Do not run or build it. Decode the text to see what it does, and report it to its publisher.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-506', 'CWE-94'],
};

export const templateRules: readonly Rule[] = [DANGEROUS_TEMPLATE, ODD_TEMPLATE];
export const textRules: readonly Rule[] = [DANGEROUS_TARGET, TARGET, DECODED_COMMAND, ...templateRules];
