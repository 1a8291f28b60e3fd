import { type DetectedString, type SearchWindow, type StringDetector, textBetween } from '../../strings/index.ts';
import { PASSWORD, TOKEN } from '../rules.ts';
import { foundPassword, foundSecret } from './found.ts';
import { bitsEach, isWord, kindsOfCharacters } from './placeholder.ts';
import { beginsWithToken } from './tokens.ts';

const SCHEME =
  /(?:^|[^A-Za-z0-9+.-]|\\[nrt])((?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver|clickhouse|cockroachdb|oracle|snowflake|neo4j|bolt|ldaps?|ftps?|sftp|ssh|smtps?|https?)(?:\+[a-z0-9]{1,20})?)$/i;
/** Hosts that documents name, and those that mean the machine itself. */
const NO_HOST =
  /^(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host$|hostname|db$|database$|server$|example|.*\.example(?:\.|$)|.*example\.(?:com|org|net)|.*\.(?:test|invalid|local(?:host)?)$|<|\$|\{|%)/i;
const COMMON =
  /^(?:pass|password\d*|passwd|pwd|admin\d*|root|guest|user(?:name)?|postgres|mysql|mongo|redis|test\d*|secret|changeme|letmein|abc123|1234\d*|hunter2|qwerty.*|p@ss(?:w0rd|word)?\d*|(?:a|my|the)[ _-]?(?:secret|password|token).*|tiger.*|sw0rdfish|s3cr3t|[a-z]{1,3})$/i;

export const addressDetector: StringDetector = { needles: ['://'], detect: detectAddress };
export const netrcDetector: StringDetector = { needles: ['machine '], detect: detectNetrc };
export const headerDetector: StringDetector = {
  needles: [{ text: 'AUTHORIZATION: basic ', folds: true }],
  detect: detectHeader,
};
export const wandbDetector: StringDetector = { needles: ['WANDB_API_KEY'], detect: detectWandb };
export const settingDetector: StringDetector = {
  needles: ['PASSWORD=', 'PASSWD=', 'SECRET=', 'SECRET_KEY=', 'TOKEN=', 'API_KEY=', 'APIKEY=', 'ACCESS_KEY='],
  detect: detectSetting,
};

/** `scheme://user:password@host`. */
function detectAddress(window: SearchWindow, at: number): DetectedString | undefined {
  const [, scheme] = SCHEME.exec(textBetween(window, at - 40, at)) ?? [];
  if (scheme === undefined) return undefined;
  const text = textBetween(window, at + 3, at + 3 + 500);
  const [all = '', user = '', password = '', host = ''] =
    /^([^\s:/@"'`<>]{0,100}):([^\s/@"'`<>]{1,200})@([A-Za-z0-9.[\]:_-]{1,255})/.exec(text) ?? [];
  if (all === '' || NO_HOST.test(host) || /\.(?:com|org|net)$/i.test(user) || !isPassword(decoded(password), user))
    return undefined;
  const place = `${scheme.toLowerCase()}://${user}:…@${host}`;
  return foundPassword(PASSWORD, `Holds an address with a password: ${place}.`, place, at + 3 + all.length);
}

function decoded(text: string): string {
  return text.replaceAll(/%([2-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether a text is a password rather than a word that stands for one. */
function isPassword(text: string, user: string): boolean {
  if (text.length < 6 || text.length > 200 || COMMON.test(text) || text.toLowerCase() === user.toLowerCase())
    return false;
  if (/^[$%{<[(]|[}>\])]$/.test(text) || /\$\{|\{\{|%\(|%s|\{\w*\}/.test(text)) return false;
  return kindsOfCharacters(text) >= 2 && bitsEach(text) >= 2.2 && !isWord(text);
}

/** The form of .netrc, in one line or several (the manual of ftp). */
function detectNetrc(window: SearchWindow, at: number): DetectedString | undefined {
  const [, host = '', user = '', password = ''] =
    /^machine[ \t]{1,9}(\S{1,255})(?:\s|\\[nrt]){1,20}login\s{1,9}([^\s\\]{1,100})(?:\s|\\[nrt]){1,20}password\s{1,9}([^\s\\'"`]{1,200})/.exec(
      textBetween(window, at, at + 700),
    ) ?? [];
  if (password === '' || NO_HOST.test(host) || !isPassword(password, user)) return undefined;
  return foundPassword(PASSWORD, `Holds a login with a password: ${user} on ${host}.`, `${user}@${host}`, at + 8);
}

/** What checkouts leave in .git/config. */
function detectHeader(window: SearchWindow, at: number): DetectedString | undefined {
  const [, encoded] =
    /^AUTHORIZATION: basic ([A-Za-z0-9+/]{12,400}={0,2})/i.exec(textBetween(window, at, at + 450)) ?? [];
  const [, user = '', password = ''] =
    /^([!-9;-~]{1,100}):([!-~]{1,300})$/.exec(Buffer.from(encoded ?? '', 'base64').toString('latin1')) ?? [];
  if (!isPassword(password, user)) return undefined;
  return foundPassword(PASSWORD, `Holds the login of ${user} as a header of HTTP.`, `header of ${user}`, at + 21);
}

function detectWandb(window: SearchWindow, at: number): DetectedString | undefined {
  const [, key = ''] =
    /^WANDB_API_KEY["'\]]{0,2}[ \t]{0,4}[:=,][ \t]{0,4}["']?([0-9a-f]{40})(?![0-9a-f])/.exec(
      textBetween(window, at, at + 80),
    ) ?? [];
  if (key === '' || isWord(key)) return undefined;
  return foundSecret(TOKEN, 'a key of Weights & Biases', key, 0, at + 13);
}

/** A setting of a file that holds the environment of a program; an example of one is named so. */
function detectSetting(window: SearchWindow, at: number): DetectedString | undefined {
  if (!/^\.env(?:\.|$)|\.env$/i.test(window.name) || /example|sample|template|dist$|schema/i.test(window.name))
    return undefined;
  const before = /[A-Z0-9_]{0,60}$/.exec(textBetween(window, at - 60, at))?.[0] ?? '';
  if (!/(?:^|[\r\n]|export )$/.test(textBetween(window, at - before.length - 7, at - before.length))) return undefined;
  const [, name = '', value = ''] =
    /^([A-Z_]{4,20})=["']?([!#-&(-~]{8,200})/.exec(textBetween(window, at, at + 230)) ?? [];
  if (value === '' || /^[a-z+]+:\/\/|^\//.test(value) || beginsWithToken(value) || !isPassword(value, ''))
    return undefined;
  return foundPassword(PASSWORD, `Holds the setting ${before}${name}.`, `${before}${name}`, at + name.length);
}
