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
  remedy: 'Do not load it. Delete it, and report it to its publisher.',
  ...REFERENCES,
};

export const TARGET: Rule = {
  id: 'config.names-code',
  title: 'A configuration names code for a loader to import and call',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A key or tag that a loader acts on (`_target_` of Hydra and NeMo, `class_path` of Lightning, `target` with `params` of latent diffusion, `!new:` of HyperPyYAML) names a class or function by its path. The loader imports the module and calls what it finds there, with arguments from the same document: whoever writes the document chooses what runs.',
  remedy:
    'Look up each name: it should be of the library that the model is for. An organisation that knows a name allows it exactly (`--allow`), with the use `call`; otherwise write the settings down without names of code, or waive the file.',
  ...REFERENCES,
};

export const DANGEROUS_TEMPLATE: Rule = {
  id: 'template.reaches-objects',
  title: 'A template reaches the objects behind its values',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The template asks for attributes such as `__class__` or `__globals__`, or puts the name of an attribute together. From there it reaches every module of Python: rendered without a sandbox, as several loaders of chat templates did (CVE-2024-34359, CVE-2026-5760), it runs any program. A chat template needs none of it.',
  remedy: 'Do not render it. Use the template of the model that it was made from, and report this one.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-1336', 'CWE-94'],
};

export const ODD_TEMPLATE: Rule = {
  id: 'template.odd',
  title: 'A template does what no chat template needs',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The template names objects of Jinja that lead to its inner parts, puts text together with `format` or `%c`, holds names with double underscores, or repeats something very often. Attacks on template engines are made of these; templates that order the messages of a conversation are not.',
  remedy: 'Compare it with the template of the model that it was made from. Render templates in a sandbox only.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-1336', 'CWE-400'],
};

export const templateRules: readonly Rule[] = [DANGEROUS_TEMPLATE, ODD_TEMPLATE];
export const textRules: readonly Rule[] = [DANGEROUS_TARGET, TARGET, ...templateRules];
