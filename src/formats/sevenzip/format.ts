import { magicFormat } from '../magic.ts';

export const SEVEN_ZIP = magicFormat('7z', '7z archive', ['.7z'], [[[0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]]]]);
