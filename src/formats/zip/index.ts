export { directoryMemory, readDirectory, type ZipDirectory, type ZipOddity } from './directory.ts';
export { ZIP } from './format.ts';
export { FLAG_LZMA_END, lzmaAlone } from './lzma.ts';
export { findLocal, locate, readLocal, unlisted, type ZipMember } from './members.ts';
export { FLAG_ENCRYPTED, type ZipEntry } from './records.ts';
