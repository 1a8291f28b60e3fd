import { magicFormat } from '../magic.ts';

export const NPY = magicFormat('npy', 'NumPy array', ['.npy'], [[[0, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]]]]);
