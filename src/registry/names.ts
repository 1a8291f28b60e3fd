import type { Lineage } from './api/index.ts';
import type { Principal } from './records.ts';
import { RegistryError } from './registry-error.ts';

/** CWE-770: texts that people write are shorter. */
const MAX_NAME = 200;
const MAX_SUBJECT = 500;
const MAX_COMMENT = 10_000;
/** An index of PostgreSQL takes no more than 2,704 bytes in a row. */
const MAX_REFERENCE = 1500;
const MAX_LINEAGE = 100;

const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MODEL = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/**
 * Characters that a database does not store unchanged or a terminal does not show: controls except tab and line breaks, lone
 * surrogates.
 */
const UNKEPT = /(?![\t\n\r])\p{Cc}|\p{Surrogate}/u;

/** The identity of a principal, for comparisons: the same subject of another issuer is another principal. */
export function keyOf({ issuer, subject }: Principal): string {
  return JSON.stringify([issuer, subject]);
}

/** The identity of a principal, for people. */
export function nameOf({ issuer, subject }: Principal): string {
  return issuer === null ? subject : `${subject} (${issuer})`;
}

export function checkPrincipal(by: Principal): void {
  if (!TENANT.test(by.tenant)) throw invalid('this is not a name of a tenant', 'use letters, digits, ., _ and -');
  checkLine(by.subject, 'the subject of the caller', MAX_SUBJECT);
  if (by.issuer !== null) checkLine(by.issuer, 'the issuer of the caller', MAX_SUBJECT);
}

export function isRegistryModel(name: string): boolean {
  const parts = name.split('/');
  return name.length <= MAX_NAME && MODEL.test(name) && parts.every((part) => part !== '.' && part !== '..');
}

export function checkModelName(name: string): void {
  if (isRegistryModel(name)) return;
  throw invalid('this is not a name of a model', `write owner/model: up to ${MAX_NAME} letters, digits, ., _ and -`);
}

export function checkAlias(alias: string): void {
  if (ALIAS.test(alias) && !/^\d+$/.test(alias)) return;
  throw invalid('this is not an alias', 'use up to 64 letters, digits, ., _ and -, and not digits alone');
}

export function checkDigest(digest: string): void {
  if (!DIGEST.test(digest)) throw invalid('this is not a digest', 'write sha256: and 64 hex digits in lower case');
}

/** One line that is not empty. */
export function checkLine(text: string, what: string, most = MAX_NAME): void {
  if (text.trim() === '' || /[\t\n\r]/.test(text)) throw invalid(`${what} is not one line of text`);
  checkKept(text, what, most);
}

/** Of any number of lines, which may be empty. */
export function checkComment(text: string, what: string): void {
  checkKept(text, what, MAX_COMMENT);
}

export function checkReference(text: string, what: string): void {
  checkLine(text, what, MAX_REFERENCE);
  if (Buffer.byteLength(text) > MAX_REFERENCE) throw invalid(`${what} has more than ${MAX_REFERENCE} bytes`);
}

export function checkLineage({ baseModels, datasets, code, run }: Lineage): void {
  if (baseModels.length > MAX_LINEAGE || datasets.length > MAX_LINEAGE) {
    throw invalid(`a lineage names more than ${MAX_LINEAGE} items of a kind`);
  }
  for (const { ref, digest } of baseModels) {
    checkReference(ref, 'a base model');
    if (digest !== null) checkDigest(digest);
  }
  for (const dataset of datasets) checkReference(dataset, 'a dataset');
  if (code !== null) checkReference(code, 'the code');
  if (run !== null) checkReference(run, 'the run');
}

function checkKept(text: string, what: string, most: number): void {
  if (text.length > most) throw invalid(`${what} has more than ${most} characters`);
  if (UNKEPT.test(text)) throw invalid(`${what} contains an invalid character`, 'leave it out');
}

function invalid(message: string, hint?: string): RegistryError {
  return new RegistryError('invalid', message, hint === undefined ? {} : { hint });
}
