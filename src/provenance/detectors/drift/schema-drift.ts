import { quotedName } from '../../../core/index.ts';
import { isObject } from '../../../core/schema/index.ts';
import type { DatasetView, Detector, DetectorRecord, Observation } from '../detector.ts';
import { boundedMeasure, NO_BASELINE } from '../measures.ts';

interface KnownColumn {
  readonly name: string;
  readonly kind: string;
  readonly role: string;
}

/** Compares the columns with those of the approved baseline. */
export const schemaDrift: Detector = {
  id: 'data.schema',
  title: 'Are the columns those of the approved baseline?',
  needs: [],
  weight: 'decides',
  falseAlarms: 'never: columns are the same or they are not',
  unseen: 'columns that keep their name and type, and mean something else',
  run: async (view, baseline) => {
    const columns = columnsOf(view);
    const kept = { flagged: 0, of: view.rows, sketch: { columns } };
    const before = knownColumns(baseline);
    if (before === undefined) return { status: 'not-assessed', detail: NO_BASELINE, kept };
    return { ...compared(before, columns), kept };
  },
};

function columnsOf({ columns, features }: DatasetView): readonly KnownColumn[] {
  const kinds = new Map(features.map(({ name, kind }) => [name, kind]));
  return columns.map(({ name, type, role }) => ({ name, kind: kinds.get(name) ?? type, role })).map(asText);
}

/** Labels and texts are compared as texts, whatever a file holds them as. */
function asText(column: KnownColumn): KnownColumn {
  return column.role === 'features' || column.role === 'time' ? column : { ...column, kind: 'text' };
}

function compared(before: readonly KnownColumn[], after: readonly KnownColumn[]): Observation {
  const changes = [
    ...before
      .filter(({ name }) => !after.some((one) => one.name === name))
      .map(({ name }) => `${quotedName(name)} is missing`),
    ...after.flatMap((column) => {
      const old = before.find(({ name }) => name === column.name);
      if (old === undefined) return [`${quotedName(column.name)} is new`];
      if (old.role !== column.role) return [`${quotedName(column.name)} was ${old.role}, and is ${column.role}`];
      return old.kind === column.kind ? [] : [`${quotedName(column.name)} held ${old.kind}, and holds ${column.kind}`];
    }),
  ];
  const measures = [boundedMeasure('columns that differ', changes.length, 0)];
  if (changes.length === 0)
    return { status: 'pass', detail: `the ${after.length} columns are those of the baseline`, measures };
  return { status: 'fail', detail: `the columns differ: ${changes.slice(0, 10).join('; ')}`, measures };
}

function knownColumns(baseline: DetectorRecord | undefined): readonly KnownColumn[] | undefined {
  const sketch = baseline?.sketch;
  if (!isObject(sketch) || !Array.isArray(sketch.columns)) return undefined;
  return sketch.columns.flatMap((column: unknown) =>
    isObject(column) && typeof column.name === 'string'
      ? [{ name: column.name, kind: String(column.kind), role: String(column.role) }]
      : [],
  );
}
