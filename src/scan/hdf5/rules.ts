import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

const USER_BLOCK = structureRule(
  'hdf5.user-block',
  'An HDF5 file starts with a user block',
  'The file has bytes before the HDF5 data. HDF5 ignores them, so they are meant for another program: the file can be of two formats at once.',
);
const TRAILING = structureRule(
  'hdf5.trailing-bytes',
  'Bytes follow the HDF5 data',
  'The file is longer than its HDF5 data. HDF5 ignores the rest, so it is meant for another program.',
);
const EXTERNAL_DATA: Rule = {
  id: 'hdf5.external-data',
  title: 'An HDF5 dataset takes its elements from other files',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'A dataset has no elements of its own: HDF5 reads them from a file that the dataset names, anywhere on the machine, as external storage or as a virtual dataset. A model that loads such a weight holds the content of that file, and passes it on when it is saved, sent or asked (CVE-2026-1669). No library that saves models writes one.',
  remedy: 'Do not load the file. Ask its author to write it again with the elements inside.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-73', 'CWE-200'],
};
const EXTERNAL_LINK: Rule = {
  id: 'hdf5.external-link',
  title: 'An HDF5 link leads out of the file',
  severity: 'high',
  verdict: 'suspicious',
  explanation:
    'A name in the file stands for an object of another file, or for what a program makes of it. HDF5 opens that file when the name is read: what is loaded is not what was scanned.',
  remedy: 'Ask the author to save the model into one file. Do not load it beside files that you do not know.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-73', 'CWE-610'],
};
const VIRTUAL: Rule = {
  id: 'hdf5.virtual-dataset',
  title: 'An HDF5 dataset is made of other datasets',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'A virtual dataset lists other datasets, each with the file that holds it. Those files may be anywhere. No library that saves models writes one.',
  remedy: 'Ask the author to save the model with its own elements.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-73', 'CWE-610'],
};
const FILTER: Rule = {
  id: 'hdf5.filter-plugin',
  title: 'An HDF5 dataset needs a filter that is loaded as a library',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The elements are stored with a filter that is not part of HDF5. To read them, HDF5 looks for a shared library with the number of the filter, and loads it: native code of the machine decides what the elements are.',
  remedy: 'Write the file again with the filters of HDF5 itself (deflate, shuffle, fletcher32).',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-114', 'CWE-829'],
};
const SIZE: Rule = {
  id: 'hdf5.size-bomb',
  title: 'An HDF5 dataset is far larger than what is stored of it',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The shape of the dataset asks for far more memory than the stored bytes can expand to. A program that loads it allocates that memory and stops (CVE-2026-0897).',
  remedy: 'Do not load the file. Ask its author for the right one.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-770', 'CWE-789'],
};
const OVERLAP = structureRule(
  'hdf5.overlap',
  'Parts of an HDF5 file overlap',
  'The elements of a dataset lie over those of another one or over the structures of the file. Each part of a file that HDF5 writes has its own bytes: such a file was made to be read in two ways.',
);
const HIDDEN = structureRule(
  'hdf5.hidden-content',
  'An HDF5 file holds another file between its parts',
  'Bytes that belong to no part of the HDF5 data are a file of another format. HDF5 ignores them, so they are meant for another program.',
);

export const HDF5_RULES = {
  userBlock: USER_BLOCK,
  trailing: TRAILING,
  externalData: EXTERNAL_DATA,
  externalLink: EXTERNAL_LINK,
  virtual: VIRTUAL,
  filter: FILTER,
  size: SIZE,
  overlap: OVERLAP,
  hidden: HIDDEN,
} as const;
