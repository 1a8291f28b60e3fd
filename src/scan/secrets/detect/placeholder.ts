/** Words that authors write where a secret belongs. */
const WORDS =
  /example|placeholder|changeme|change[_-]me|redacted|dummy|insert|replace|your|my[_-]|fake|sample|secret|token|passw|xxxx|\.\.\.|to[_-]?do|foobar|lorem|<|>|\$\{|\{\{|\*\*/i;
const MIN_ENTROPY = 3;

/**
 * Whether a text that has the form of a token stands for one: it holds such a word, repeats few characters, or counts up. Random
 * characters hold none of these.
 * @param body the token without its prefix
 */
export function isPlaceholder(body: string): boolean {
  return WORDS.test(body) || repeats(body) || counts(body) || (body.length >= 16 && bitsEach(body) < MIN_ENTROPY);
}

/** Whether a password is one that documents write where one belongs. */
export function isWord(password: string): boolean {
  return (
    /example|placeholder|change[_-]?me|redacted|dummy|insert|replace|your|xxxx|\.\.\./i.test(password) ||
    repeats(password) ||
    counts(password)
  );
}

/** Whether a text repeats one character, or itself. */
function repeats(text: string): boolean {
  if (/(.)\1{5}/.test(text)) return true;
  for (let period = 1; period <= Math.min(12, text.length >> 1); period++)
    if (
      text ===
      text
        .slice(0, period)
        .repeat(Math.ceil(text.length / period))
        .slice(0, text.length)
    )
      return true;
  return false;
}

/** Whether characters follow each other as in the alphabet or on a keyboard, seven in a row. */
function counts(text: string): boolean {
  let run = 1;
  for (let i = 1; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    run = step === 1 || step === -1 ? run + 1 : 1;
    if (run >= 7) return true;
  }
  return /qwertyu|asdfghj|1234567|9876543/i.test(text);
}

/** Shannon entropy of the characters of a text, in bits for each. */
export function bitsEach(text: string): number {
  const counted = new Map<string, number>();
  for (const one of text) counted.set(one, (counted.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counted.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** How many of lower case, upper case, digits and other characters a text has. */
export function kindsOfCharacters(text: string): number {
  return [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((one) => one.test(text)).length;
}
