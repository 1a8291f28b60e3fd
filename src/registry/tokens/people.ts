import { keyOf, nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import type { Reader } from '../store/index.ts';
import { tokenNamed } from './token-row.ts';

/** CWE-674: tokens that made tokens; a longer chain is refused. */
const MAX_CHAIN = 100;

/**
 * The people behind an actor: a user alone; for a token, whoever made it, whoever made the token that made it, and so on to its
 * beginning, or to the person that a token belongs to.
 * @param actor as `keyOf` gives it
 */
async function peopleBehind(db: Reader, tenant: string, actor: string): Promise<ReadonlySet<string>> {
  const people = new Set([actor]);
  for (let at = actor; ; ) {
    const [issuer, subject] = JSON.parse(at) as [string | null, string];
    const token = issuer === null ? await tokenNamed(db, tenant, subject) : undefined;
    if (token === undefined) return people;
    at = token.owner_key ?? token.creator_key;
    // An administrator of the machine may have the name of a token.
    if (people.has(at)) return people;
    people.add(at);
    if (people.size > MAX_CHAIN) {
      throw new RegistryError('forbidden', `more than ${MAX_CHAIN} tokens made each other`, {
        hint: 'let a person make the token',
      });
    }
  }
}

/** Whether one person is behind both: what one of them does, the other cannot approve. */
export async function isSamePerson(db: Reader, by: Principal, actor: string): Promise<boolean> {
  if (keyOf(by) === actor) return true;
  const [mine, theirs] = [await peopleBehind(db, by.tenant, keyOf(by)), await peopleBehind(db, by.tenant, actor)];
  return [...mine].some((person) => theirs.has(person));
}

/** The same for an actor that is known by its name alone: a name that could be of the person is. */
export async function isSameNamed(db: Reader, by: Principal, name: string): Promise<boolean> {
  const mine = await peopleBehind(db, by.tenant, keyOf(by));
  const theirs = await peopleBehind(db, by.tenant, JSON.stringify([null, name]));
  return [...mine].some((person) => theirs.has(person) || nameOfKey(person) === name);
}

function nameOfKey(key: string): string {
  const [issuer, subject] = JSON.parse(key) as [string | null, string];
  return nameOf({ issuer, subject, tenant: '', roles: [], via: 'local' });
}
