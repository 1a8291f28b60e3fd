import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

/** Rules about how a zip is put together. */
export const ZIP_RULES = {
  traversal: {
    id: 'zip.path-traversal',
    title: 'An archive member would be written outside the folder it is extracted to',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      "A member's name is an absolute path or leads out of the folder with `..`, or the member is a link that leads out. A program that extracts the archive without checking names overwrites files of its user: a start-up script, a module that Python imports later.",
    remedy: 'Do not extract it. No archiving program writes such names by itself.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22', 'CWE-59'],
  },
  duplicate: structureRule(
    'zip.duplicate-member',
    'Two members of an archive have one name',
    'Loaders differ on which of the two they read: PyTorch takes the first or the last, Python the last. A scanner that reads one can judge another member than the loader reads. Assay scans both.',
  ),
  mismatch: structureRule(
    'zip.header-mismatch',
    "A member's own header contradicts the archive's directory",
    'A zip archive states name, method, sizes, flags and checksum of a member twice: in the directory and before the data. Loaders differ on which of the two they use, so a contradiction shows one content to a scanner and another to a loader. Assay scans the data as the directory states it, and also as the header states it where the content differs.',
  ),
  crc: structureRule(
    'zip.crc-mismatch',
    'A member does not match its checksum',
    "The CRC-32 of the data differs from the one that the archive states. PyTorch loads such a member without an error; scanners that use Python's zipfile stop at the error and do not scan the data.",
  ),
  encrypted: structureRule(
    'zip.encrypted-member',
    'A member is marked as encrypted',
    'Some loaders ignore the mark and read the data as it is; scanners that trust the mark do not scan the data. Assay scans the data as if it were not encrypted.',
  ),
  overlap: structureRule(
    'zip.overlapping-members',
    'Members of an archive overlap',
    'Archiving programs write members one after another. Overlapping members let a small archive expand to any size (a zip bomb), or show different contents to different loaders.',
  ),
  unlisted: structureRule(
    'zip.unlisted-member',
    'A member is in the archive and not in its directory',
    'A loader that uses the directory does not see the member; a loader that reads the archive from the front does. Assay scans it.',
  ),
  prefix: structureRule(
    'zip.prefix',
    'Bytes precede the archive',
    'The file is a zip archive, but its first bytes are those of another format. Loaders differ on whether they read the archive.',
  ),
  suffix: structureRule(
    'zip.suffix',
    'Bytes follow the archive',
    'Bytes after the end record make some loaders miss the archive. Loaders that find the archive do not read these bytes.',
  ),
  hidden: structureRule(
    'zip.hidden-data',
    'Bytes between the members belong to no member',
    'No reader of the archive reads these bytes. An edit may have left them, or they hide something.',
  ),
  directory: structureRule(
    'zip.odd-directory',
    "The archive's directory is ambiguous or contradicts itself",
    'Loaders find the directory in different ways. If these ways lead to different offsets or counts, the loaders read different archives.',
  ),
  name: structureRule(
    'zip.odd-name',
    "A member's name holds characters that disguise it",
    'Control characters, zero bytes, and characters that change the direction of text make a name look like another name, or end it early for some loaders.',
  ),
  link: structureRule(
    'zip.symlink',
    'A member is a symbolic link',
    'Model archives hold files. After extraction, a program that reads or writes through the link reaches the file that the link points to.',
  ),
  trailing: structureRule(
    'zip.trailing-in-member',
    'Bytes follow the end of a compressed member',
    'The compressed stream ends before the member does. No loader of the member reads the bytes after it.',
  ),
  storage: {
    ...structureRule(
      'zip.storage-not-raw',
      'A tensor storage is of a format that can carry code',
      'Tensor storages of a PyTorch file are raw numbers. This one is a pickle, an archive or a program, in a place that scanners skip; a program that loads the member by its name runs its code. Assay scans it.',
    ),
    cwe: ['CWE-502', 'CWE-506'],
  },
  packaged: {
    id: 'zip.torch-package-code',
    title: 'A torch.package archive carries Python code',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'A torch.package archive holds Python modules. They run when the importer of torch.package loads the model, without any restriction.',
    remedy:
      'Review the code. Ask for the weights as safetensors, and get the code of the model from a source that you trust.',
    ...SUPPLY_CHAIN,
  },
} as const satisfies Record<string, Rule>;
