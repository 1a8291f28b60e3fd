import { readFile } from 'node:fs/promises';
import { AssayError } from '../../core/index.ts';
import type {
  ColumnRole,
  DatasetView,
  ImageFile,
  NumberColumns,
  SqlRow,
  SqlValue,
  TextColumns,
} from '../detectors/index.ts';
import { inDialect } from '../engine/index.ts';
import type { TrainingData } from './dataset.ts';

/** Characters of a text that detectors see, of all texts, and values of all numbers. */
const MAX_TEXT = 32_768;
const MAX_TEXTS = 256 * 1024 * 1024;
const MAX_VALUES = 16_000_000;

export interface ViewOptions {
  readonly signal: AbortSignal | undefined;
  readonly snapshot: string | undefined;
  readonly note: (message: string) => void;
}

/** What detectors are given of a data set. */
export function detectorView(dataset: TrainingData, { signal, snapshot, note }: ViewOptions): DatasetView {
  const { engine, columns, rows, splits, images } = dataset;
  const roles = new Set<ColumnRole>(columns.chosen.map(({ role }) => role));
  if (columns.features.length > 0) roles.add('features');
  const query = async (statement: string, parameters: Readonly<Record<string, string | number>> = {}) => {
    // Statements of detectors hold nothing of the data: their parameters do.
    const result = await engine.run(inDialect(statement, engine.dialect), parameters);
    return result.rows.map(
      (row): SqlRow => Object.fromEntries(result.columns.map(({ name }, i) => [name, sqlValue(row[i])])),
    );
  };
  return {
    rows,
    splits: splits.map(({ name }) => name),
    roles,
    features: columns.features,
    columns: [
      ...columns.chosen,
      ...columns.features.map(({ name, type }) => ({ name, type, role: 'features' as const })),
    ],
    snapshot,
    query,
    texts: () => textsOf(query),
    numbers: () => numbersOf(dataset),
    images: images.length === 0 ? undefined : () => imagesOf(dataset, query),
    signal,
    note,
  };
}

function sqlValue(value: unknown): SqlValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

async function textsOf(query: DatasetView['query']): Promise<TextColumns> {
  const [total] = await query(
    'SELECT sum(least(length_of(text), :most)) AS characters FROM samples WHERE text IS NOT NULL',
    { most: MAX_TEXT },
  );
  const characters = Number(total?.characters ?? 0);
  if (characters > MAX_TEXTS)
    throw new AssayError(
      'limit',
      `the texts have ${characters} characters, more than ${MAX_TEXTS} that detectors hold at a time`,
    );
  const found = await query(
    "SELECT row_number, substr(text, 1, :most) AS text, coalesce(label, '') AS label, split FROM samples WHERE text IS NOT NULL ORDER BY row_number",
    { most: MAX_TEXT },
  );
  return {
    rows: Float64Array.from(found, ({ row_number: row }) => Number(row)),
    texts: found.map(({ text }) => String(text)),
    labels: found.map(({ label }) => String(label)),
    splits: found.map(({ split }) => String(split)),
  };
}

async function numbersOf({ engine, columns, rows: total }: TrainingData): Promise<NumberColumns> {
  const numeric = columns.features.filter(({ kind }) => kind === 'number');
  if (numeric.length * total > MAX_VALUES)
    throw new AssayError(
      'limit',
      `the columns of numbers have ${numeric.length * total} values, more than ${MAX_VALUES} that detectors hold at a time`,
    );
  const names = numeric.map(({ name }) => name);
  if (numeric.length === 0)
    return { rows: new Float64Array(0), columns: names, values: new Float64Array(0), labels: [], splits: [] };
  const keys = numeric.map(({ key }) => key);
  const { rows } = await engine.run(
    `SELECT row_number, coalesce(label, ''), split, ${keys.join(', ')} FROM samples WHERE ${keys.map((key) => `is_finite(${key})`).join(' AND ')} ORDER BY row_number`,
  );
  const values = new Float64Array(rows.length * keys.length);
  for (const [i, row] of rows.entries())
    for (let j = 0; j < keys.length; j++) values[i * keys.length + j] = Number(row[j + 3]);
  return {
    rows: Float64Array.from(rows, ([row]) => Number(row)),
    columns: names,
    values,
    labels: rows.map(([, label]) => String(label)),
    splits: rows.map(([, , split]) => String(split)),
  };
}

async function* imagesOf({ images }: TrainingData, query: DatasetView['query']): AsyncIterable<ImageFile> {
  const labels = await query("SELECT row_number, coalesce(label, '') AS label FROM samples ORDER BY row_number");
  for (const { row_number: row, label } of labels) {
    const file = images[Number(row) - 1];
    if (file === undefined) throw new AssayError('internal', 'a row without its file');
    yield { row: Number(row), path: file.path, label: String(label), bytes: await readFile(file.place) };
  }
}
