import fc from 'fast-check';
import { SCANNERS } from '../../src/scan/scanners.ts';
import { fixtureFiles } from '../support/scan-bytes.ts';

/** Archives and pickles have their own tests; a fake context does not scan their members. */
const OTHERS = new Set(['pickle']);
export const scanners = SCANNERS.filter(({ id }) => !OTHERS.has(id));
const seeds = [...fixtureFiles('fixtures/formats'), ...fixtureFiles('fixtures/format-probes')].filter(
  ([, bytes]) => bytes.length < 20_000,
);

/** A real file with bytes changed, removed, doubled, or set to a boundary value. */
export const mutated = fc
  .tuple(
    fc.nat(seeds.length - 1),
    fc.array(fc.tuple(fc.constantFrom('set', 'cut', 'double', 'border'), fc.nat(), fc.nat(255)), {
      minLength: 1,
      maxLength: 5,
    }),
  )
  .map(([index, changes]) => {
    const [path, real] = seeds[index] ?? ['none', new Uint8Array(0)];
    let bytes = Buffer.from(real);
    for (const [kind, where, value] of changes) {
      const at = where % (bytes.length + 1);
      if (kind === 'set' && at < bytes.length) bytes[at] = value;
      else if (kind === 'cut') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + value)]);
      else if (kind === 'double')
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - value))]);
      else if (kind === 'border') bytes.fill(value % 2 === 0 ? 0xff : 0, at, Math.min(bytes.length, at + (value % 9)));
    }
    return { path, bytes };
  });
