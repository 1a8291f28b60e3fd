export { SEVEN_ZIP } from './format.ts';
export { readSevenZip, type SevenZipEvent } from './read.ts';
