export { SEVEN_ZIP } from './format.ts';
export { type SevenZipEvent, readSevenZip } from './read.ts';
