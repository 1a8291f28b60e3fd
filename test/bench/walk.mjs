// Walks one pickle with the machine alone: the counterpart of genops.py.
import { FileSource } from '../../dist/src/core/bytes/file-source.js';
import { DEFAULT_LIMITS } from '../../dist/src/core/limits.js';
import { readStream } from '../../dist/src/formats/pickle/read.js';
import { SILENT } from '../../dist/src/formats/pickle/silent.js';

const source = FileSource.open(process.argv[2]);
const result = await readStream(source, 0, SILENT, { limits: DEFAULT_LIMITS, signal: undefined });
await source.close();
if (result.end.kind !== 'stop') throw new Error(`ended with ${JSON.stringify(result.end)}`);
console.log(result.position);
