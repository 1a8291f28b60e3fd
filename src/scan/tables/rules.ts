import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const REFERENCES = { owasp: ['ML06:2023', 'ML02:2023'], atlas: SUPPLY_CHAIN.atlas } as const;

export const PICKLED_TYPE: Rule = {
  id: 'table.pickled-type',
  title: 'A table has a type that PyArrow unpickles',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A column is of the extension type `arrow.py_extension_type`, whose description is a pickle. PyArrow before 14.0.1 unpickles it as soon as the table is opened, and later versions do so when a program allows it (CVE-2023-47248). The pickle is judged as one.',
  remedy:
    'Do not open the table with an old PyArrow. Ask its author to write it again with a type that registers itself (`pyarrow.ExtensionType`).',
  ...REFERENCES,
  cwe: ['CWE-502'],
};

export const OUTSIDE_FILE: Rule = {
  id: 'table.path-outside',
  title: 'A table has columns in a file outside of its folder',
  severity: 'high',
  verdict: 'malicious',
  explanation:
    'The footer says that the pages of a column are in another file, and names one by an absolute path, `..`, a drive or an address. A reader that follows it reads a file of the machine into the table.',
  remedy: 'Do not open the table. Report it to its publisher.',
  ...REFERENCES,
  cwe: ['CWE-22', 'CWE-73'],
};

export const TABLE_HIDDEN: Rule = {
  id: 'table.hidden-content',
  title: 'The metadata of a table holds code',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A note of the table looks like a script, a pickle or a program. Readers of tables ignore it; programs that show it, or rebuild objects from it, may not.',
  remedy: 'Look at the note, and write the table again without it.',
  ...REFERENCES,
  cwe: ['CWE-79', 'CWE-94'],
};

export const TABLE_STRUCTURE: Rule = structureRule(
  'table.structure',
  'A table contradicts itself',
  'The footer or the schema is broken, or says that pages or batches of rows lie where the file does not have them. Native readers have read outside of their memory for such files.',
);

export const tableRules: readonly Rule[] = [PICKLED_TYPE, OUTSIDE_FILE, TABLE_HIDDEN, TABLE_STRUCTURE];
