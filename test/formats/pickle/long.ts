const latin1 = (text: string) => Buffer.from(text, 'latin1');
const wrap = (body: Buffer) => Buffer.concat([latin1('\x80\x04'), body, latin1('N.')]);
const of = (unit: string) => (count: number) => wrap(latin1(unit.repeat(count)));

/** Pickles that repeat one thing: the count that makes about two megabytes, and the pickle for any count. */
export const LONG: readonly (readonly [string, number, (count: number) => Buffer])[] = [
  ['integers', 700_000, of('K\x010')],
  ['marks', 2_000_000, of('(')],
  ['empty tuples', 2_000_000, of(')')],
  ['nested tuples', 2_000_000, (count) => wrap(Buffer.concat([latin1(')'), Buffer.alloc(count, 0x85)]))],
  ['memo entries', 2_000_000, (count) => wrap(Buffer.concat([latin1('N'), Buffer.alloc(count, 0x94)]))],
  ['short strings', 250_000, of('\x8c\x05hello0')],
  ['lines', 250_000, of('Vhello\n0')],
  ['one long line', 2_000_000, (count) => wrap(Buffer.concat([Buffer.alloc(count, 'V'), latin1('\n')]))],
  ['long lines', 20, of(`${'V'.repeat(100_000)}\n0`)],
  ['listed globals', 80_000, of('ccollections\nOrderedDict\n0')],
  ['listed calls', 70_000, of('ccollections\nOrderedDict\n)R0')],
  ['dictionaries', 250_000, of('}K\x01K\x02s0')],
  ['frames', 150_000, of('\x95\x01\x00\x00\x00\x00\x00\x00\x00N0')],
  ['byte strings that begin as pickles', 250_000, of('C\x04\x80\x04N.0')],
  [
    'unlisted globals',
    60_000,
    (count) => wrap(latin1(Array.from({ length: count }, (_, i) => `cm${i}\nname\n0`).join(''))),
  ],
  ['duplicates', 2_000_000, (count) => wrap(Buffer.concat([latin1('N'), Buffer.alloc(count, '2')]))],
  ['streams', 250_000, (count) => latin1('\x80\x02N.'.repeat(count))],
  [
    'marks of pickles behind the end',
    1_000_000,
    (count) => Buffer.concat([latin1('\x80\x02N.!'), latin1('\x80\x04'.repeat(count))]),
  ],
];
