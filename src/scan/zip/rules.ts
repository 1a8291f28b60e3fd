import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

/** Rules about how a zip is put together. */
export const ZIP_RULES = {
  traversal: {
    id: 'zip.path-traversal',
    title: 'An archive member would be written outside the folder it is extracted to',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      "A member's name is absolute or climbs out with `..`, or it is a link that leads out. A program that extracts the archive without checking names overwrites files of its user's: a start-up script, a module that is imported later.",
    remedy: 'Do not extract it. No honest writer makes such names.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22', 'CWE-59'],
  },
  duplicate: structureRule(
    'zip.duplicate-member',
    'Two members of an archive have one name',
    'Which of them a loader reads depends on the loader and on the layout: PyTorch takes the first or the last, Python the last. A scanner that reads one may judge another than the one that is loaded. All are scanned here.',
  ),
  mismatch: structureRule(
    'zip.header-mismatch',
    "A member's own header contradicts the archive's directory",
    'Name, method, sizes, flags or checksum stand twice in a zip, in the directory and in front of the data. Loaders differ on which they believe, so a contradiction shows one thing to a scanner and another to a loader. The data is scanned as the directory says, and as the header says where that matters.',
  ),
  crc: structureRule(
    'zip.crc-mismatch',
    'A member does not have its checksum',
    "The data's CRC-32 is not the one that the archive states. PyTorch loads such a member all the same, while scanners that use Python's zipfile give up before they see it.",
  ),
  encrypted: structureRule(
    'zip.encrypted-member',
    'A member is marked as encrypted',
    'Some loaders ignore the mark and read the data as it is, while scanners believe it and give up. The data is scanned as if it were not encrypted.',
  ),
  overlap: structureRule(
    'zip.overlapping-members',
    'Members of an archive overlap',
    'Honest writers put members one after the other. Overlapping ones make a small archive expand to any size (a zip bomb), or show different contents to different loaders.',
  ),
  unlisted: structureRule(
    'zip.unlisted-member',
    'A member is in the archive and not in its directory',
    'A loader that goes by the directory does not see it; one that reads the archive from the front does. It is scanned.',
  ),
  prefix: structureRule(
    'zip.prefix',
    'Something else comes before the archive',
    'The file is a zip and, by its first bytes, something else. Loaders differ on whether they read it.',
  ),
  suffix: structureRule(
    'zip.suffix',
    'Something else comes after the archive',
    'Bytes after the end record make some loaders miss the archive, and hide what they are from all that find it.',
  ),
  hidden: structureRule(
    'zip.hidden-data',
    'Bytes between the members belong to none',
    'No reader of the archive reads them. They may be left over from an edit, or hide something.',
  ),
  directory: structureRule(
    'zip.odd-directory',
    "The archive's directory is ambiguous or contradicts itself",
    'Loaders find the directory in different ways. Where those lead to different places or counts, they read different archives.',
  ),
  name: structureRule(
    'zip.odd-name',
    "A member's name holds characters that hide what it is",
    'Control characters, zero bytes and characters that change the direction of writing make a name look like another, or end it early for some loaders.',
  ),
  link: structureRule(
    'zip.symlink',
    'A member is a symbolic link',
    'Model archives hold files. A link is followed by whatever reads or writes through it after extraction.',
  ),
  trailing: structureRule(
    'zip.trailing-in-member',
    'Bytes follow the end of a compressed member',
    'The compressed stream ends before the member does. What follows is read by no loader of the member.',
  ),
  storage: {
    ...structureRule(
      'zip.storage-not-raw',
      'What should be raw tensor data is a format that can carry code',
      'Tensor storages of a PyTorch file are numbers. This one is a pickle, an archive or a program, put where scanners do not look; a program that loads it by its name runs what it holds. It is scanned.',
    ),
    cwe: ['CWE-502', 'CWE-506'],
  },
  packaged: {
    id: 'zip.torch-package-code',
    title: 'A torch.package archive brings Python code',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'A torch.package archive holds Python modules, which run when its importer loads the model. Nothing limits what they do.',
    remedy: "Read the code. Ask for the weights as safetensors, and take the model's code from a place you trust.",
    ...SUPPLY_CHAIN,
  },
} as const satisfies Record<string, Rule>;
