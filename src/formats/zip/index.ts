export { type ZipDirectory, type ZipOddity, directoryMemory, readDirectory } from './directory.ts';
export { ZIP } from './format.ts';
export { FLAG_LZMA_END, lzmaAlone } from './lzma.ts';
export { type ZipMember, findLocal, locate, readLocal, unlisted } from './members.ts';
export { FLAG_ENCRYPTED, type ZipEntry } from './records.ts';
