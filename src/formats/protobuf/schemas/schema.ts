import { readFileSync } from 'node:fs';

/** What a field holds: a varint, 8 or 4 bytes, a text, bytes, or a message. */
type FieldKind = 'v' | 'd' | 'f' | 's' | 'b' | 'm';

export interface SchemaField {
  readonly number: number;
  /** Its number, where no scanner looks at it. */
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** The group of which a message has one field; -1 for none. */
  readonly group: number;
  /** The message that holds the field. */
  readonly message: string;
  /** The position of the message that the field is; -1 for none. */
  readonly inner: number;
}

export interface SchemaMessage {
  readonly name: string;
  readonly fields: ReadonlyMap<number, SchemaField>;
}

/** The messages of a format as its library declares them; the first is the one that a file is. */
export interface ProtoSchema {
  readonly messages: readonly SchemaMessage[];
}

interface WrittenSchema {
  readonly messages: Readonly<Record<string, string>>;
}

const FIELD = /^(\d+)(\*?)([vdfsbm])(\d*)(?:\|(\d+))?(?::(\w+))?$/;

const read = new Map<string, ProtoSchema>();

/** A schema that `fixtures/make/protobuf_schemas.py` wrote, read once. */
export function readSchema(place: URL): ProtoSchema {
  const known = read.get(place.href);
  if (known !== undefined) return known;
  const written = JSON.parse(readFileSync(place, 'utf8')) as WrittenSchema;
  const schema = {
    messages: Object.entries(written.messages).map(([message, fields]) => ({
      name: message,
      fields: new Map(fields === '' ? [] : fields.split(' ').map((word) => fieldOf(message, word))),
    })),
  };
  read.set(place.href, schema);
  return schema;
}

function fieldOf(message: string, word: string): [number, SchemaField] {
  const [, digits = '', star, kind = '', inner = '', group = '', name = ''] = FIELD.exec(word) ?? [];
  const number = Number(digits);
  const field = {
    number,
    name: name === '' ? digits : name,
    kind: kind as FieldKind,
    repeated: star === '*',
    group: group === '' ? -1 : Number(group),
    message,
    inner: inner === '' ? -1 : Number(inner),
  };
  return [number, field];
}
