import { type Finding, fingerprint } from '../../core/assessment/index.ts';
import type { Rule } from '../scanner/index.ts';
import {
  compareReleases,
  type DeclaredLibrary,
  type LoaderAdvisories,
  type LoaderAdvisory,
  shippedAdvisories,
} from './list/index.ts';
import { CONCERNED, PINNED, SAVED } from './rules.ts';

/** What is known of one file. */
export interface AdvisedFile {
  readonly path: string;
  readonly format: string;
  readonly libraries: readonly DeclaredLibrary[];
  /** The rules of its findings. */
  readonly rules: ReadonlySet<string>;
}

/** Findings of one file; ids that a message lists. */
const MAX_FINDINGS = 20;
const MAX_IDS = 6;

/**
 * What advisories say of files: of the versions that they declare, of their formats, and of their findings. Nothing here lowers anything.
 * @param given a list in place of the shipped one
 */
export function advisoryFindings(files: readonly AdvisedFile[], given?: LoaderAdvisories): Finding[] {
  const { entries } = given ?? shippedAdvisories();
  return files.flatMap((file) => [...declaredIn(file, entries), ...concerning(file, entries)].slice(0, MAX_FINDINGS));
}

function declaredIn({ path, libraries }: AdvisedFile, entries: readonly LoaderAdvisory[]): Finding[] {
  return libraries.flatMap(({ library, version, how }) => {
    const affects = entries.filter((one) => one.library === library && isAffected(version, one));
    if (affects.length === 0) return [];
    const rule = how === 'pins' ? PINNED : SAVED;
    const what = how === 'pins' ? `Asks for ${library} ${version}` : `Was saved with ${library} ${version}`;
    return [
      finding(
        rule,
        path,
        `${library} ${version}`,
        `${what}, which has ${idsOf(affects)}; ${library} ${safeOf(affects)} is safe.`,
        affects,
      ),
    ];
  });
}

function concerning({ path, format, rules, libraries }: AdvisedFile, entries: readonly LoaderAdvisory[]): Finding[] {
  const known = new Set(libraries.map(({ library }) => library));
  const concerned = entries.filter(
    (one) =>
      !known.has(one.library) &&
      (one.formats?.includes(format) === true || one.rules?.some((rule) => rules.has(rule)) === true),
  );
  return [...new Set(concerned.map(({ library }) => library))].map((library) => {
    const own = concerned.filter((one) => one.library === library);
    return finding(
      CONCERNED,
      path,
      library,
      `${library} before ${safeOf(own)} has ${idsOf(own)}, which concerns this file.`,
      own,
    );
  });
}

/** A pre-release of the version that fixes it may lack the fix. */
function isAffected(version: string, { introduced, fixed }: LoaderAdvisory): boolean {
  const [, numbers = '', rest = ''] = /^v?(\d{1,9}(?:\.\d{1,9}){0,4})(.*)$/s.exec(version) ?? [];
  if (numbers === '') return false;
  const order = compareReleases(numbers, fixed);
  const isBefore = order < 0 || (order === 0 && /^[-._]?(?:a|b|rc|alpha|beta|dev|pre)/i.test(rest));
  return isBefore && (introduced === undefined || compareReleases(numbers, introduced) >= 0);
}

function safeOf(entries: readonly LoaderAdvisory[]): string {
  return entries.reduce((best, { fixed }) => (best === '' || compareReleases(fixed, best) > 0 ? fixed : best), '');
}

function idsOf(entries: readonly LoaderAdvisory[]): string {
  const ids = entries.map(({ id }) => id);
  const more = ids.length > MAX_IDS ? ` and ${ids.length - MAX_IDS} more` : '';
  return `${ids.slice(0, MAX_IDS).join(', ')}${more}`;
}

function finding(
  rule: Rule,
  file: string,
  subject: string,
  message: string,
  entries: readonly LoaderAdvisory[],
): Finding {
  const { id: ruleId, severity, owasp, atlas, cwe } = rule;
  const evidence = entries
    .slice(0, MAX_IDS)
    .map(({ id, title, source }) => `${id}: ${title} (${source})`)
    .join('; ');
  return {
    ruleId,
    severity,
    message,
    file,
    evidence,
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(ruleId, file, undefined, subject),
  };
}
