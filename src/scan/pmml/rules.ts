import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

export const PMML_RULES = {
  external: {
    id: 'pmml.external-entity',
    title: 'A PMML model names files or addresses for the XML parser to read',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'The document declares an external entity, a parameter entity or an external document type, or includes another file (XInclude). A parser that follows them reads files of the machine, opens connections to addresses of the author, and shows what it read (XXE). No program that exports PMML writes a document type.',
    remedy: 'Do not load the file. Ask its author to export the model again.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-611', 'CWE-827'],
  },
  doctype: {
    ...structureRule(
      'pmml.document-type',
      'A PMML model has a document type or instructions for other programs',
      'No program that exports PMML writes a document type or a style sheet. Entities within can grow to any size (billion laughs), and parsers differ on whether they replace them, so that they read different models.',
    ),
    cwe: ['CWE-776', 'CWE-827'],
  },
  encoding: structureRule(
    'pmml.encoding',
    'A PMML model may be read in another encoding',
    'The declaration names an encoding that is not that of the bytes, or one that few parsers know (UTF-7, UTF-16, EBCDIC). In that encoding the same bytes can be another document.',
  ),
  element: {
    id: 'pmml.unlisted-element',
    title: 'A PMML model has an element that PMML does not have',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'The element is on none of the lists of PMML 3.0 to 4.4, or stands in the namespace of another language. Programs give such elements a meaning of their own: some run scripts that they hold.',
    remedy: 'Ask the author what the element is for, or export the model without extensions.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-829'],
  },
  function: {
    id: 'pmml.unlisted-function',
    title: 'A PMML model calls a function that neither PMML nor the model defines',
    severity: 'high',
    verdict: 'suspicious',
    explanation:
      'PMML has a fixed list of functions, and a model can define more of them with DefineFunction. JPMML takes any other name for that of a Java class, loads the class and calls it.',
    remedy:
      'Ask the author which library the function is of. Do not add classes to a program that evaluates such a model.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-470'],
  },
  structure: structureRule(
    'pmml.structure',
    'A PMML model is not well-formed XML',
    'A strict parser refuses the document, and lenient ones guess what is meant. A function is defined twice, an attribute stands twice, a tag is not closed, an entity is not declared, or the document continues after its end.',
  ),
} as const satisfies Record<string, Rule>;
