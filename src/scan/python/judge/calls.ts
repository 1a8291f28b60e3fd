import type { PythonNode } from '../../../formats/python/index.ts';
import { callBuiltin } from './builtins.ts';
import { comprehended } from './comprehensions.ts';
import { decodedText, rearranged, rot13 } from './fold.ts';
import { judgeCall } from './judge-call.ts';
import { allGiven, type GivenArguments, identifier, type PythonCall, type PythonMachine, SYNTAX } from './machine.ts';
import { attributeOf, methodOf } from './members.ts';
import { callsLater, decodes, isDownload, isEnvironment, isTender, reachOf } from './names.ts';
import { anyPart } from './targets.ts';
import type { PythonScope } from './values.ts';
import {
  anyOf,
  either,
  knownText,
  listValue,
  MARKS,
  marked,
  marksOf,
  named,
  type PythonValue,
  UNKNOWN_VALUE,
} from './values.ts';

/** Functions that take a function and do not call it. */
const ONLY_LOOKS =
  /^builtins\.(?:isinstance|issubclass|hasattr|print|callable|type|id|repr|str|len|hash|dir|help|super|getattr|setattr|vars|delattr)$|^(?:inspect|typing|logging|warnings)\./;

/** What a call gives, and what it reaches. */
export function evaluateCall(machine: PythonMachine, node: PythonNode, scope: PythonScope): PythonValue {
  const [callee, ...rest] = node.children;
  if (callee === undefined) return UNKNOWN_VALUE;
  const property = callee.children.find(({ type }) => type === 'PropertyName');
  const [object] = callee.children;
  let receiver: PythonValue | undefined;
  let called: PythonValue;
  let method = '';
  if (callee.type === 'MemberExpression' && property !== undefined && object !== undefined) {
    receiver = machine.evaluate(object, scope);
    method = identifier(machine, property);
    called = attributeOf(machine, receiver, method);
  } else called = machine.evaluate(callee, scope);
  const given = givenTo(machine, rest[0], scope);
  const result = call(machine, { node, scope, called, receiver, method, given });
  if (receiver !== undefined && object?.type === 'VariableName')
    changed(machine, object, receiver, method, given, scope);
  return result;
}

/** The values between the brackets of a call. */
export function givenTo(machine: PythonMachine, list: PythonNode | undefined, scope: PythonScope): GivenArguments {
  const positional: PythonValue[] = [];
  const named = new Map<string, PythonValue>();
  const spread: PythonValue[] = [];
  const parts = list?.children.slice(1, -1) ?? [];
  if (parts.some(({ type }) => type === 'for'))
    return { positional: [comprehended(machine, parts, scope)], named, spread };
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    const [next, value] = [parts[index + 1], parts[index + 2]];
    if (part === undefined || SYNTAX.test(part.type)) continue;
    if (next?.type === 'AssignOp' && value !== undefined) {
      named.set(identifier(machine, part), machine.evaluate(value, scope));
      index += 2;
    } else if (/^\*{1,2}$/.test(parts[index - 1]?.type ?? '')) {
      const all = machine.evaluate(part, scope);
      if (all.items !== undefined && parts[index - 1]?.type === '*') positional.push(...all.items);
      else spread.push(all);
    } else positional.push(machine.evaluate(part, scope));
  }
  return { positional, named, spread };
}

/** What a call of a value gives. */
export function call(machine: PythonMachine, one: PythonCall): PythonValue {
  const { called, receiver, method, given } = one;
  const results = called.names.map((name) => callName(machine, one, name));
  for (const local of called.locals) {
    if (local.kind === 'class') results.push(machine.instantiate(local, given));
    else
      results.push(
        machine.call(local, given, local.of === undefined || receiver?.instances.length === 0 ? undefined : receiver),
      );
  }
  for (const instance of called.instances) {
    for (const local of methodOf(instance, '__call__')?.locals ?? [])
      if (local.kind === 'function') results.push(machine.call(local, given, called));
  }
  if (
    (called.marks & MARKS.hidden) !== 0 &&
    called.locals.length === 0 &&
    called.names.length > 0 &&
    called.names.every((name) => name.includes('?'))
  )
    machine.note(one.node, { kind: 'code', name: 'a name that is decoded', origin: 'decoded', grade: 'payload' });
  if (called.locals.length === 0) hand(machine, one);
  const marks = marksOf(allGiven(given)) | (receiver?.marks ?? 0) | (called.marks & ~MARKS.hidden);
  if (receiver !== undefined && called.locals.length === 0) {
    const folded = onText(receiver, method, given);
    if (folded !== undefined)
      return marked(either(folded, anyOf(results.filter((value) => value.text !== undefined))), 0);
  }
  if (results.length > 0) return anyOf(results);
  // An object of the program gives itself, or something like it: `layer.to(device)`.
  return { ...UNKNOWN_VALUE, marks, instances: receiver?.instances ?? [] };
}

/** Functions that are handed to what may call them, now or later. */
function hand(machine: PythonMachine, { node, scope, called, given, decorates = false }: PythonCall): void {
  if (called.names.length > 0 && called.names.every((name) => ONLY_LOOKS.test(name))) return;
  const all = allGiven(given);
  const later = called.names.some(callsLater);
  for (const value of all) {
    const others = all.filter((other) => other !== value).flatMap((other) => other.items ?? [other]);
    const reaching = value.names.filter((name) => /^(?:code|process)$/.test(reachOf(name) ?? ''));
    if (!later && reaching.length === 0 && (decorates || value.locals.length === 0)) continue;
    const names = later ? value.names : reaching;
    const function_ = { ...value, names: names.filter((name) => reachOf(name) !== undefined) };
    if (function_.names.length + function_.locals.length === 0) continue;
    const passed = later ? others : others.map((other) => marked(UNKNOWN_VALUE, other.marks));
    call(machine, {
      node,
      scope,
      called: { ...function_, instances: [] },
      receiver: undefined,
      method: '',
      given: { positional: passed, named: new Map(), spread: [] },
    });
  }
}

function callName(machine: PythonMachine, one: PythonCall, name: string): PythonValue {
  const { given, called, receiver } = one;
  const kind = reachOf(name);
  const args = allGiven(given);
  const [first = args[0] ?? UNKNOWN_VALUE, second] = given.positional;
  if (kind !== undefined) judgeCall(machine, one, kind, name);
  const built = callBuiltin(machine, one, name, (inner) => call(machine, inner));
  if (built !== undefined) return built;
  const marks = (marksOf(args) | (receiver?.marks ?? 0) | called.marks) & ~MARKS.hidden;
  if (/^codecs\.(?:decode|encode)$/.test(name))
    return byCodec(first, second?.text ?? given.named.get('encoding')?.text ?? '', name);
  if (decodes(name)) return ofDecoder(name, first, marks);
  const result = marked(named(`${name}()`), marks);
  if (isDownload(name)) return marked(result, MARKS.downloaded);
  if (isEnvironment(name)) return marked(result, MARKS.environment);
  if (/^(?:pathlib\.(?:Posix|Windows)?Path|io\.open|codecs\.open|os\.open|builtins\.open)$/.test(name))
    return marked(result, MARKS.file | (isTender(first.text ?? '') ? MARKS.environment : 0));
  return result;
}

/** The result of a decoder: the text where it can be computed here, and the mark in any case. */
function ofDecoder(name: string, first: PythonValue, marks: number): PythonValue {
  const known = MARKS.literal | MARKS.file | MARKS.downloaded | MARKS.decoded;
  const mark = ((first.marks | marks) & known) !== 0 ? MARKS.decoded : MARKS.unpacked;
  const text = first.text === undefined ? undefined : decodedText(name, first.text);
  return text === undefined ? { ...UNKNOWN_VALUE, marks: marks | mark } : knownText(text, marks | mark);
}

const PLAIN_CODECS =
  /^(?:utf[-_]?(?:8|16|32)(?:[-_](?:le|be|sig))?|ascii|latin[-_]?1|iso[-_]?8859[-_]?\d+|cp\d+|mbcs|unicode[-_]escape|)$/i;

function byCodec(value: PythonValue, codec: string, name: string): PythonValue {
  if (PLAIN_CODECS.test(codec)) return value;
  const text = value.text;
  const result =
    text === undefined
      ? undefined
      : /^rot[-_]?13$/i.test(codec)
        ? rot13(text)
        : /^(?:hex|hex_codec)$/i.test(codec)
          ? decodedText('binascii.unhexlify', text)
          : /^base64/i.test(codec)
            ? decodedText('base64.b64decode', text)
            : undefined;
  const plain = ofDecoder(name, value, value.marks);
  return result === undefined ? { ...UNKNOWN_VALUE, marks: plain.marks } : knownText(result, plain.marks);
}

/** Methods of texts, bytes and lists. */
function onText(receiver: PythonValue, method: string, given: GivenArguments): PythonValue | undefined {
  const [first] = given.positional;
  if (method === 'decode' || method === 'encode') {
    const isModule = receiver.names.some((name) => /^(?:codecs|base64|jsonpickle)$/.test(name));
    return isModule ? undefined : byCodec(receiver, first?.text ?? '', 'bytes.decode');
  }
  if (receiver.text === undefined && receiver.items === undefined && receiver.names.length > 0) return undefined;
  if (method === 'copy' || method === 'tobytes' || method === 'getvalue') return receiver;
  if (method === 'pop' || method === 'get' || method === 'values' || method === 'items' || method === 'setdefault')
    return method === 'get' || method === 'pop' || method === 'setdefault'
      ? anyPart(anyOf([receiver, ...given.positional.slice(1)]))
      : receiver;
  return rearranged(method, receiver, given.positional);
}

/** Methods that change what they are called on. */
function changed(
  machine: PythonMachine,
  object: PythonNode,
  receiver: PythonValue,
  method: string,
  given: GivenArguments,
  scope: PythonScope,
): void {
  if (!/^(?:append|extend|insert|add|update|reverse|appendleft|write|setdefault|__setitem__)$/.test(method)) return;
  const name = identifier(machine, object);
  if (receiver.names.some((one) => !one.endsWith('()') && one.includes('.'))) return;
  const all = allGiven(given);
  const [first] = all;
  const grown = machine.certain ? grownList(receiver, method, first) : undefined;
  if (grown !== undefined) scope.set(name, grown, true);
  else scope.set(name, { ...either(receiver, anyPart(anyOf(all))), text: undefined, items: undefined }, false);
}

/** What a method makes of a list that is known. */
function grownList(
  { items, names, locals, marks }: PythonValue,
  method: string,
  first: PythonValue | undefined,
): PythonValue | undefined {
  if (items === undefined) return undefined;
  if (method === 'reverse') return listValue([...items].reverse(), marks | MARKS.decoded);
  if (method === 'extend' && first?.items !== undefined) return listValue([...items, ...first.items], marks);
  if (method !== 'append' || first === undefined) return undefined;
  const list = listValue([...items, first], marks);
  return {
    ...list,
    names: [...new Set([...names, ...first.names])].slice(0, 8),
    locals: [...locals, ...first.locals].slice(0, 8),
  };
}
