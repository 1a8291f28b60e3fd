/** Bytes of a field that are not kept: where they lie in the source. */
export interface FieldBytes {
  readonly start: number;
  readonly end: number;
}

/** A value of a message: its bytes, when they are few; a number beyond 53 bits is infinite. */
export type MessageValue = number | Uint8Array | FieldBytes | ProtoMessage;

/** One message as it is written: each field with all its values, in order. Packed numbers are counted, and not kept. */
export interface ProtoMessage extends FieldBytes {
  readonly name: string;
  readonly fields: ReadonlyMap<number, readonly MessageValue[]>;
}

export function isMessage(value: MessageValue | undefined): value is ProtoMessage {
  return typeof value === 'object' && 'fields' in value;
}

/** The messages of a field. */
export function fieldMessages(message: ProtoMessage, number: number): readonly ProtoMessage[] {
  return (message.fields.get(number) ?? []).filter(isMessage);
}

/** The last message of a field, which is the one that counts. */
export function fieldMessage(message: ProtoMessage | undefined, number: number): ProtoMessage | undefined {
  return message === undefined ? undefined : fieldMessages(message, number).at(-1);
}

/** The number of a field. */
export function fieldNumber(message: ProtoMessage | undefined, number: number): number | undefined {
  const value = message?.fields.get(number)?.at(-1);
  return typeof value === 'number' ? value : undefined;
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a field; the empty text when it is absent, and undefined when it is too long to be kept. */
export function fieldText(message: ProtoMessage | undefined, number: number): string | undefined {
  const value = message?.fields.get(number)?.at(-1);
  if (value === undefined) return '';
  return value instanceof Uint8Array ? UTF8.decode(value) : undefined;
}

/** The texts of a field that repeats; undefined when one of them is too long to be kept. */
export function fieldTexts(message: ProtoMessage, number: number): readonly string[] | undefined {
  const values = message.fields.get(number) ?? [];
  const texts = values.flatMap((value) => (value instanceof Uint8Array ? [UTF8.decode(value)] : []));
  return texts.length === values.length ? texts : undefined;
}
