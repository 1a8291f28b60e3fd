import { it } from 'vitest';
import { MemorySource } from '../../../src/core/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/pickle/globals.ts';
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const wrap = (body: Buffer) => Buffer.concat([latin1('\x80\x04'), body, latin1('N.')]);
function scan(bytes: Uint8Array) {
  return scanSource(new MemorySource(bytes, 'model.pkl'), { path: 'model.pkl', limits: DEFAULT_LIMITS, signal: new AbortController().signal, globals: createGlobalPolicy(), distance: 'near', onNames: () => undefined });
}
it('x', async () => {
  for (const [name, make] of [
   ['streams', (n: number) => latin1('\x80\x02N.'.repeat(n))],
   ['trail', (n: number) => Buffer.concat([latin1('\x80\x02N.!'), latin1('\x80\x04'.repeat(n))])],
   ['dup', (n: number) => wrap(Buffer.concat([latin1('N'), Buffer.alloc(n, '2')]))],
   ['ints', (n: number) => wrap(Buffer.from('K\x010'.repeat(n)))],
   ['frames', (n: number) => wrap(latin1('\x95\x01\x00\x00\x00\x00\x00\x00\x00N0'.repeat(n)))],
  ] as const) for (const n of [50_000, 100_000, 200_000]) {
    const b = make(n); const s = performance.now(); const r = await scan(b); console.log(name, n, b.length, Math.round(performance.now() - s), r.verdict, r.reasons[0]);
  }
}, 300000);
