// Writes opcodes as numbers in what is built: a switch over numbers is a jump table, one over `OP.NAME` compares with each in turn.
import { readFileSync } from 'node:fs';

const SOURCE = new URL('../src/formats/pickle/opcodes.ts', import.meta.url);
const IMPORTED = /\bimport\s*\{[^}]*\bOP\b[^}]*\}\s*from\s*['"][^'"]*\/opcodes\.[jt]s['"]/;
let codes;

/** @throws Error for an opcode that `opcodes.ts` does not name */
export function inlineOpcodes(code) {
  if (!IMPORTED.test(code)) return code;
  codes ??= new Map(
    [...readFileSync(SOURCE, 'utf8').matchAll(/^ {2}([A-Z]\w*): (0x[0-9a-f]{2}),$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  return code.replace(/(?<![.\w'"])OP\.([A-Z]\w*)/g, (_, name) => {
    const value = codes.get(name);
    if (value === undefined) throw new Error(`OP.${name} is not an opcode`);
    return value;
  });
}
