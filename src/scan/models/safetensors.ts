import { SliceSource } from '../../core/bytes/index.ts';
import {
  identifyFormat,
  probeOf,
  readSafetensors,
  SAFETENSORS,
  type SafetensorsEntry,
  type SafetensorsFault,
} from '../../formats/index.ts';
import {
  EMBEDDED,
  type HeldBuffer,
  judgeBuffers,
  type Rule,
  type Scanner,
  SUPPLY_CHAIN,
  structureRule,
  tensorNames,
} from '../scanner/index.ts';

const WHY =
  'safetensors is safe because its header is strict: a reader that accepts this header can read other tensors than the scanner, or bytes outside of the tensors.';

const HEADER = structureRule(
  'safetensors.header',
  'The safetensors header is broken',
  `The header is longer than the file or the format allows, is not strict JSON, or describes a tensor in a way that the format does not. ${WHY}`,
);
const DUPLICATE = structureRule(
  'safetensors.duplicate-key',
  'The safetensors header names a key twice',
  `One object of the header has the same key twice: one reader keeps the first, another the last. ${WHY}`,
);
const LAYOUT = structureRule(
  'safetensors.layout',
  'safetensors tensors overlap, leave gaps or do not fit the file',
  `Tensors must lie one after another, from the first byte after the header to the last byte of the file, each exactly as long as its shape and dtype say. ${WHY}`,
);
const TRAILING = structureRule(
  'safetensors.trailing-bytes',
  'Bytes follow the last tensor',
  `The file continues after the last tensor. No loader of safetensors reads those bytes, so they can be a payload that another program opens. ${WHY}`,
);
const METADATA: Rule = {
  id: 'safetensors.metadata-script',
  title: 'The safetensors metadata holds code',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The free text in `__metadata__` looks like a script, a pickle or a template. Loaders ignore the text, but pages that show it, and tools that read settings from it, can run it.',
  remedy:
    'Look at the metadata (`assay inspect`). Write the file again without it before anything shows or interprets it.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-79', 'CWE-94'],
};

const RULES: Readonly<Record<SafetensorsFault['kind'], Rule>> = {
  'header-length': HEADER,
  json: HEADER,
  'duplicate-key': DUPLICATE,
  entry: HEADER,
  dtype: HEADER,
  metadata: HEADER,
  size: LAYOUT,
  overlap: LAYOUT,
  hole: LAYOUT,
  end: LAYOUT,
};

/** Markup and commands that no training record has a use for, and Jinja's ways to Python. */
const SCRIPT =
  /<script\b|javascript:|\bon(?:error|load)\s*=|__import__\s*\(|\b(?:os\.(?:system|popen)|subprocess\.\w+|builtins\.\w+)\b|\b(?:eval|exec)\s*\(|__reduce__|__subclasses__|__globals__|#!\s*\/(?:usr\/)?bin\/|\bpowershell\b/i;
/** The start of a pickle: of protocol 0 that calls something, of protocol 2 to 5, and the latter in base64. */
const PICKLE =
  /^\(?c(?:os|posix|nt|builtins|__builtin__|subprocess)\n|^\u0080[^ -~]|^gA[I-X][A-Za-z0-9+/]{8}|^(?:f0VMRg[IE][A-Za-z0-9+/]{16}|TVqQAAMAAAAEAAAA)/;

/** Tensors whose first bytes are looked at, of a file that is at hand. */
const MAX_LOOKED_AT = 20_000;

function bufferOf({ name, start, end }: SafetensorsEntry): HeldBuffer {
  return { where: `tensor ${JSON.stringify(name.slice(0, 80))}`, start, end, numbers: true };
}

/** Judges safetensors by their header; no tensor is read. */
export const safetensorsScanner: Scanner = {
  id: 'safetensors',
  formats: [SAFETENSORS.id],
  rules: [HEADER, DUPLICATE, LAYOUT, TRAILING, METADATA],
  async scanFile(target, context) {
    const { source } = target;
    const tensors: HeldBuffer[] = [];
    const names: string[] = [];
    const header = await readSafetensors(source, context.limits.maxHeaderBytes, context.budget, (entry) => {
      if (target.depth === 0) names.push(entry.name);
      if (target.distance === 'near' && tensors.length < MAX_LOOKED_AT) tensors.push(bufferOf(entry));
    });
    if (target.depth === 0) context.tells({ kind: 'tensors', tensors: tensorNames(names) });
    for (const { kind, message, offset, subject } of header.faults) {
      context.report({ rule: RULES[kind], message: `${capital(message)}.`, subject: `${kind}:${subject}`, offset });
    }
    for (const [key, value] of header.metadata) {
      const script = SCRIPT.exec(value) ?? PICKLE.exec(value);
      if (script === null) continue;
      const evidence = value.slice(Math.max(0, script.index - 20), script.index + 80);
      context.report({
        rule: METADATA,
        message: `The metadata "${key.slice(0, 80)}" looks like code.`,
        subject: key,
        evidence,
      });
    }
    const first = header.dataStart;
    const places = tensors.map((one) => ({ ...one, start: first + one.start, end: first + one.end }));
    await judgeBuffers(target, context, EMBEDDED, places);
    context.cover(0, header.dataStart, 'parsed');
    context.cover(header.dataStart, header.dataEnd, 'opaque', 'raw tensor data: numbers');
    if (
      header.dataEnd < source.size &&
      !header.faults.some(({ kind }) => kind === 'header-length' || kind === 'json')
    ) {
      const rest = new SliceSource(
        source,
        header.dataEnd,
        source.size - header.dataEnd,
        `${source.name} after the last tensor`,
      );
      const format = identifyFormat(await probeOf(rest));
      const what = format === undefined ? '' : `, which read as ${format.title}`;
      context.report({
        rule: TRAILING,
        message: `${rest.size} bytes follow the last tensor${what}.`,
        subject: 'trailing',
        offset: header.dataEnd,
      });
    }
    // The rest follows a fault that was reported above: loaders of the format do not interpret it.
    context.cover(header.dataEnd, source.size, 'opaque', 'after the tensors: no loader of safetensors reads it');
  },
};

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
