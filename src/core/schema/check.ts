import * as v from 'valibot';

/** What is wrong with a value, and where: a JSON pointer. */
export interface Invalid {
  readonly pointer: string;
  readonly message: string;
}

export type Checked<T> = { readonly value: T } | { readonly invalid: readonly [Invalid, ...Invalid[]] };

/** Checks a value against a schema, up to the first fault. */
export function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown): Checked<T> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? { value: result.output } : { invalid: invalidOf(result.issues) };
}

type Issue = v.BaseIssue<unknown>;

/** For alternatives, the faults of each alternative come first. */
function invalidOf([first, ...others]: readonly [Issue, ...Issue[]], within = ''): [Invalid, ...Invalid[]] {
  const pointer = within + (first.path ?? []).map(({ key }) => `/${escaped(String(key))}`).join('');
  const own: Invalid = { pointer, message: first.message };
  const deeper = first.issues === undefined ? [] : invalidOf(first.issues, pointer);
  const more = others.flatMap((issue) => invalidOf([issue], within));
  const [head = own, ...tail] = [...deeper, own, ...more];
  return [head, ...tail];
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
