import { MemorySource } from '../../../core/bytes/index.ts';
import { GLOBAL, NOBODY, readStream, SILENT } from '../../../formats/pickle/index.ts';
import type { ScanContext } from '../../scanner/index.ts';

/** What bytes that were hidden in a text are, if they are a program. */
export async function programIn(bytes: Buffer, context: ScanContext): Promise<string | undefined> {
  if (bytes.length < 16) return undefined;
  if (bytes.readUInt32BE(0) === 0x7f454c46 && isIn(bytes[4], 1, 2) && isIn(bytes[5], 1, 2)) return 'an ELF program';
  if (bytes[0] === 0x4d && bytes[1] === 0x5a && isPortable(bytes)) return 'a Windows program';
  if ([0xcffaedfe, 0xcefaedfe].includes(bytes.readUInt32BE(0))) return 'a macOS program';
  if (bytes[0] === 0x80 && isIn(bytes[1], 2, 5)) return await pickleIn(bytes, context);
  return scriptIn(bytes);
}

function isIn(byte: number | undefined, from: number, to: number): boolean {
  return byte !== undefined && byte >= from && byte <= to;
}

function isPortable(bytes: Buffer): boolean {
  if (bytes.length < 0x40) return false;
  const at = bytes.readUInt32LE(0x3c);
  return at + 4 <= bytes.length && bytes.readUInt32BE(at) === 0x50450000;
}

/** A pickle of numbers and texts is data. */
async function pickleIn(bytes: Buffer, { limits, signal, budget }: ScanContext): Promise<string | undefined> {
  const names: string[] = [];
  let calls = false;
  const { state } = await readStream(
    new MemorySource(bytes, 'a pickle in a text'),
    0,
    {
      ...SILENT,
      onImport: ({ module, name }) => {
        if (names.length < 5) names.push(`${module}.${name}`);
        return NOBODY;
      },
      onCall: ({ callee }) => {
        calls ||= callee.kind >= GLOBAL;
      },
    },
    { limits, signal, budget },
  );
  state.close();
  if (names.length === 0 && !calls) return undefined;
  return `a pickle that imports ${names.join(', ') || 'a computed name'}`;
}

/** Commands that no text about a model needs, in the languages that attackers write. */
const SCRIPTS: readonly { readonly form: RegExp; readonly name: string }[] = [
  { form: /^#!\s{0,3}\/\S{1,60}/, name: 'a script' },
  {
    form: /\bos\.(?:system|popen|exec[lv]p?e?)\s*\(|\bsubprocess\.(?:run|call|Popen|check_output|getoutput)\s*\(|__import__\s*\(\s*['"](?:os|subprocess|socket|pty)|\bsocket\.socket\s*\(|\bexec\s*\(\s*(?:__import__|compile|base64|zlib|marshal|requests|urllib)|\bmarshal\.loads\s*\(/,
    name: 'a Python script that runs commands',
  },
  {
    form: /\b(?:curl|wget)\b[^\n|]{1,300}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\bchmod\s+\+x\s|\b(?:ba)?sh\s+-[ci]\s|\/bin\/(?:ba)?sh\b|\brm\s+-rf\s+[/~]/,
    name: 'a shell script',
  },
  {
    form: /powershell(?:\.exe)?\s+-|\bIEX\s*\(|Invoke-(?:Expression|WebRequest)|DownloadString\s*\(|FromBase64String\s*\(/i,
    name: 'a PowerShell script',
  },
  {
    form: /require\s*\(\s*['"]child_process['"]\s*\)|\beval\s*\(\s*(?:atob|Buffer\.from|unescape)\s*\(/,
    name: 'a JavaScript program that runs commands',
  },
];

function scriptIn(bytes: Buffer): string | undefined {
  if (!isText(bytes)) return undefined;
  const text = bytes.toString('latin1');
  return SCRIPTS.find(({ form }) => form.test(text))?.name;
}

/** Whether the start of bytes is nearly all printable ASCII, as programs are. */
export function isText(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, 256);
  let printable = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) printable++;
  }
  return length > 0 && printable >= length * 0.95;
}
