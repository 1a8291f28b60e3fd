import type { ArgumentOrigin, CallGrade, ReachedKind } from '../../scanner/index.ts';
import { allGiven, type PythonCall, type PythonMachine } from './machine.ts';
import { buildsNative, isTender, onlyAsks } from './names.ts';
import { MARKS, marksOf, type PythonValue, UNKNOWN_VALUE } from './values.ts';

/** Says what a call of a known name reaches, and how grave that is. */
export function judgeCall(machine: PythonMachine, call: PythonCall, kind: ReachedKind, name: string): void {
  const { given, node, scope, called } = call;
  const args = allGiven(given);
  const first = given.positional[0] ?? args[0] ?? UNKNOWN_VALUE;
  // `exec(code, names)`: only what is run counts.
  const marks = kind === 'code' || kind === 'import' || kind === 'unpickle' ? first.marks : marksOf(args);
  const text = commandOf(first);
  const origin = originOf(marks, text);
  const hidden = (called.marks & MARKS.hidden) !== 0;
  const grade = hidden && kind !== 'write' && kind !== 'network' ? 'payload' : gradeOf();
  if (grade !== undefined) machine.note(node, { kind, name: shown(name), origin: hidden ? 'decoded' : origin, grade });
  if (name === 'builtins.exec' && first.text !== undefined) machine.runText(first.text, scope);

  function gradeOf(): CallGrade | undefined {
    const unpacked = (marks & MARKS.unpacked) !== 0;
    switch (kind) {
      case 'code':
        if (origin === 'decoded') return 'payload';
        if (name.endsWith('.?')) return /^(?:builtins|sys|importlib)\./.test(name) ? 'notable' : 'dangerous';
        if (origin === 'downloaded' || origin === 'environment' || unpacked) return 'dangerous';
        // A file that is run as code, when nobody asks for it.
        return (marks & MARKS.file) !== 0 && machine.owner === null ? 'dangerous' : 'notable';
      case 'process':
        if (origin === 'decoded') return 'payload';
        return text !== undefined && onlyAsks(text) ? 'notable' : 'dangerous';
      case 'native':
        if (origin === 'decoded') return 'payload';
        return buildsNative(name) || /\.(?:cast|string_at|memset)$/.test(name) ? 'notable' : 'dangerous';
      case 'unpickle':
        return origin === 'decoded' || origin === 'downloaded' ? 'dangerous' : 'notable';
      case 'network':
        if ((marksOf(args) & MARKS.environment) !== 0) return 'dangerous';
        return machine.owner === null || /\.(?:connect|connect_ex|bind)$/.test(name) ? 'dangerous' : 'notable';
      case 'write':
        return machine.owner === null || isTender(text ?? '') ? 'dangerous' : 'notable';
      case 'import':
        if (origin === 'decoded') return 'payload';
        return text === undefined ? 'notable' : undefined;
    }
  }
}

/** A command or a path, as one text; `undefined` when it is not known. */
function commandOf({ text, items }: PythonValue): string | undefined {
  if (text !== undefined) return text;
  const words = items?.map((item) => item.text);
  return words === undefined || words.length === 0 || words.some((word) => word === undefined)
    ? undefined
    : words.join(' ');
}

function originOf(marks: number, text: string | undefined): ArgumentOrigin {
  if ((marks & MARKS.decoded) !== 0) return 'decoded';
  if ((marks & MARKS.downloaded) !== 0) return 'downloaded';
  if ((marks & MARKS.environment) !== 0) return 'environment';
  return text === undefined ? 'computed' : 'constant';
}

function shown(name: string): string {
  return name
    .replace(/^builtins\./, '')
    .replaceAll('()', '')
    .replace(/\.\?$/, '.<computed>')
    .slice(0, 100);
}
