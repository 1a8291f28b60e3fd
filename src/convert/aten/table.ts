import type { AtenFamily, AtenLowering } from './call.ts';
import {
  ATEN_ELEMENTWISE,
  ATEN_IMAGES,
  ATEN_NORMALIZATIONS,
  ATEN_PRODUCTS,
  ATEN_RECURRENT,
  ATEN_REDUCTIONS,
  BINARY,
  COPIES,
  CREATION,
  LISTS,
  PART_VIEWS,
  PARTS,
  SCALARS,
  TRANSFORMERS,
  VIEWS,
} from './operators/index.ts';
import { type OperatorSchema, operatorSchema } from './schema.ts';

export interface Operator {
  readonly schema: OperatorSchema;
  readonly lowering: AtenLowering;
  /** Whether its results may have the memory of what it is given. */
  readonly isView: boolean;
}

/** Every operator that is converted. Adding some is a file in `operators/` and a line. */
const FAMILIES: readonly (readonly [operators: AtenFamily, isView: boolean])[] = [
  [ATEN_ELEMENTWISE, false],
  [BINARY, false],
  [VIEWS, true],
  [COPIES, false],
  [PART_VIEWS, true],
  [PARTS, false],
  [ATEN_REDUCTIONS, false],
  [ATEN_PRODUCTS, false],
  [TRANSFORMERS, false],
  [ATEN_IMAGES, false],
  [ATEN_NORMALIZATIONS, false],
  [ATEN_RECURRENT, false],
  [CREATION, false],
  [LISTS, false],
  [SCALARS, false],
];

/** The forms of each operator, by its name. */
export const OPERATORS: ReadonlyMap<string, readonly Operator[]> = byName();

function byName(): Map<string, Operator[]> {
  const table = new Map<string, Operator[]>();
  for (const [operators, isView] of FAMILIES)
    for (const [text, lowering] of Object.entries(operators)) {
      const schema = operatorSchema(text);
      const known = table.get(schema.name) ?? [];
      known.push({ schema, lowering, isView });
      table.set(schema.name, known);
    }
  return table;
}
