import { createRequire } from 'node:module';
import type { Declared } from '../../core/assessment/index.ts';
import { keptText } from '../escape.ts';

const require = createRequire(import.meta.url);

let identifiers: ReadonlyMap<string, string> | undefined;

/** The SPDX identifier, in any case; `undefined` when the text is not one. */
export function spdxId(licence: string): string | undefined {
  identifiers ??= new Map(
    ['spdx-license-ids', 'spdx-license-ids/deprecated.json']
      .flatMap((list): unknown[] => require(list))
      .map((id) => [String(id).toLowerCase(), String(id)]),
  );
  return identifiers.get(licence.toLowerCase());
}

/** A `licenseChoice`: SPDX identifiers where they are such, else names as they are written. */
export function declaredLicences({ licences, licenceName }: Declared) {
  // The Hub writes `other` where a name follows.
  const named = licenceName === null ? [] : [licenceName];
  const all = [...licences.filter((licence) => licence !== 'other' || licenceName === null), ...named];
  return all.map((licence) => {
    const id = spdxId(licence);
    const which = id === undefined ? { name: keptText(licence) } : { id };
    return { license: { ...which, acknowledgement: 'declared' } };
  });
}
