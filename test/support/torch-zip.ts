import type { FileScanResult } from '../../src/pipeline/file-scan.ts';
import { buildZip } from './containers.ts';
import { scanPickleBytes } from './scan-pickle-bytes.ts';

/** Scans a torch archive of this pickle, with storages of zeros: a length by key; those in `twice` are stored two times. */
export function torchZip(
  pickle: Uint8Array,
  storages: Readonly<Record<string, number>>,
  twice: readonly string[] = [],
): Promise<FileScanResult> {
  const zeros = (key: string) => ({ name: `model/data/${key}`, data: new Uint8Array(storages[key] ?? 0) });
  const zip = buildZip([
    { name: 'model/data.pkl', data: pickle },
    { name: 'model/version', data: Buffer.from('3\n') },
    ...Object.keys(storages).map(zeros),
    ...twice.map(zeros),
  ]);
  return scanPickleBytes(zip, 'model.pt');
}
