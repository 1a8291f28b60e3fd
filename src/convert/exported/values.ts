import { type AtenValue, atenList, int, real } from '../aten/index.ts';
import type { Network } from '../network/index.ts';
import type { JsonPart } from './json.ts';

/** Values of a program by the names that its nodes give them. */
export type ProgramValues = Map<string, AtenValue>;

/** Numbers of element types, as operators of PyTorch take them, by those of a program (torch/_export/serde/schema.py). */
const SCALAR_TYPES: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 1],
  [3, 2],
  [4, 3],
  [5, 4],
  [6, 5],
  [7, 6],
  [8, 7],
  [12, 11],
  [13, 15],
]);

/** The value of an argument. @throws AssayError `malformed` for a name that nothing has; `unsupported` for a kind that is not known */
export function argumentOf(argument: JsonPart, values: ProgramValues, net: Network): AtenValue {
  const [kind, part] = argument.kind();
  const each = (read: (item: JsonPart) => AtenValue) => atenList(part.items().map(read));
  switch (kind) {
    case 'as_none':
      return null;
    case 'as_tensor':
      return named(part.get('name'), values);
    case 'as_tensors':
      return each((item) => named(item.get('name'), values));
    case 'as_optional_tensor':
      return optionalOf(part, values);
    case 'as_optional_tensors':
      return each((item) => optionalOf(item, values));
    case 'as_int':
      return int(part.whole());
    case 'as_ints':
      return each((item) => int(item.whole()));
    case 'as_float':
      return real(part.real());
    case 'as_floats':
      return each((item) => real(item.real()));
    case 'as_bool':
      return part.flag();
    case 'as_bools':
      return each((item) => item.flag());
    case 'as_string':
      return part.text();
    case 'as_strings':
      return each((item) => item.text());
    case 'as_sym_int':
    case 'as_sym_bool':
    case 'as_sym_float':
      return symbolOf(part, values);
    case 'as_sym_ints':
    case 'as_sym_bools':
    case 'as_sym_floats':
      return each((item) => symbolOf(item, values));
    case 'as_scalar_type': {
      const code = SCALAR_TYPES.get(part.whole());
      if (code === undefined) throw net.refuse(`it takes the element type ${part.whole()}`);
      return int(code);
    }
    case 'as_memory_format':
    case 'as_layout':
      return null;
    case 'as_device':
      return { kind: 'device' };
    default:
      throw net.refuse(`an argument of the kind ${kind.slice(0, 40)} is not converted`);
  }
}

/** A number, or the name of one. */
function symbolOf(part: JsonPart, values: ProgramValues): AtenValue {
  const [kind, value] = part.kind();
  switch (kind) {
    case 'as_name':
      return named(value, values);
    case 'as_int':
      return int(value.whole());
    case 'as_float':
      return real(value.real());
    case 'as_bool':
      return value.flag();
    default:
      throw part.broken(`is of the kind ${kind.slice(0, 40)}`);
  }
}

function optionalOf(part: JsonPart, values: ProgramValues): AtenValue {
  const [kind, value] = part.kind();
  if (kind === 'as_none') return null;
  if (kind === 'as_tensor') return named(value.get('name'), values);
  throw part.broken(`is of the kind ${kind.slice(0, 40)}`);
}

function named(name: JsonPart, values: ProgramValues): AtenValue {
  const value = values.get(name.text());
  if (value === undefined) throw name.broken(`names ${JSON.stringify(name.text().slice(0, 80))}, which nothing makes`);
  return value;
}

/** The names that a result of a node has, in their order. */
export function resultNames(output: JsonPart): (string | undefined)[] {
  const [kind, part] = output.kind();
  switch (kind) {
    case 'as_none':
      return [undefined];
    case 'as_tensor':
      return [part.get('name').text()];
    case 'as_tensors':
      return part.items().map((item) => item.get('name').text());
    case 'as_optional_tensors':
      return part.items().map((item) => item.find('as_tensor')?.get('name').text());
    case 'as_sym_int':
    case 'as_sym_bool':
    case 'as_sym_float':
      return [part.find('as_name')?.text()];
    default:
      throw output.broken(`is of the kind ${kind.slice(0, 40)}`);
  }
}
