import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckedData } from '../../../src/pipeline/data/check-data.ts';
import { checkData } from '../../../src/pipeline/data/check-data.ts';
import { DEFAULT_DATA_LIMITS } from '../../../src/provenance/engine/engine.ts';
import { tempFolder } from '../../support/temp.ts';

const ARROW = new URL('../../../fixtures/data/arrow/', import.meta.url).pathname;
const folder = tempFolder();
const REVIEWS = { label: 'label', text: 'text', time: 'at', source: 'user', id: 'id' };

/** What was found, without the file that it was found in. */
function found({ report: { files: _, ...report }, rows, profile }: CheckedData) {
  return { report, rows, profile: JSON.parse(profile).checks };
}

describe('tables of Arrow', async () => {
  const parquet = found(await checkData([join(ARROW, 'reviews.parquet')], { columns: REVIEWS }));

  it.each(['reviews.feather', 'reviews.arrow', 'reviews-stream.arrow'])('of %s are what Parquet says', async (name) => {
    const other = join(folder, name.replace('-stream', ''));
    copyFileSync(join(ARROW, name), other);
    const arrow = await checkData([other], { columns: REVIEWS });
    expect(arrow.report.files).toMatchObject([{ format: 'arrow', split: 'reviews' }]);
    expect(found(arrow)).toEqual(parquet);
  });

  it('have the values of Parquet in every type that is read: numbers at their ends, times before 1970, missing values', async () => {
    const [arrow, same] = [
      await checkData([join(ARROW, 'types.feather')], { columns: { label: 'label' } }),
      await checkData([join(ARROW, 'types.parquet')], { columns: { label: 'label' } }),
    ];
    const named = ({ report }: CheckedData) => Object.fromEntries(report.columns.map(({ name, type }) => [name, type]));
    // Parquet tells times in its own ways; what is compared is the values.
    expect(named(arrow)).toMatchObject({
      i8: 'TINYINT',
      u64: 'UBIGINT',
      f32: 'FLOAT',
      yes: 'BOOLEAN',
      day: 'DATE',
      us: 'TIMESTAMP WITH TIME ZONE',
      ms: 'TIMESTAMP',
      bytes: 'BLOB',
      long: 'VARCHAR',
    });
    const sketches = ({ profile }: CheckedData) =>
      JSON.parse(profile).checks.filter(({ id }: { readonly id: string }) => id === 'data.feature-drift');
    expect(sketches(arrow)).toEqual(sketches(same));
  });

  it('are read from zstd, and in a folder as the `datasets` library saves it', async () => {
    const small = await checkData([join(ARROW, 'reviews-zstd.feather')], { columns: REVIEWS });
    expect(small.report.rows).toBe(20);
    const saved = join(folder, 'saved');
    mkdirSync(saved);
    copyFileSync(join(ARROW, 'reviews-stream.arrow'), join(saved, 'data-00000-of-00001.arrow'));
    writeFileSync(join(saved, 'state.json'), '{}');
    writeFileSync(join(saved, 'dataset_info.json'), '{}');
    const { report } = await checkData([saved], { columns: REVIEWS });
    expect(report).toMatchObject({ rows: 200, files: [{ format: 'arrow', split: 'data' }] });
  });

  it('name the column whose type is not read, and the file', async () => {
    const path = join(ARROW, 'nested.feather');
    await expect(checkData([path], { columns: {} })).rejects.toMatchObject({
      code: 'unsupported',
      subject: path,
      message: 'the column "tags" is of the Arrow type list, which is not read',
    });
    const zipped = join(folder, 'x.arrow.gz');
    writeFileSync(zipped, readFileSync(path));
    await expect(checkData([zipped], { columns: {} })).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('take no more disk than they may', async () => {
    const limits = { ...DEFAULT_DATA_LIMITS, spillBytes: 1_000 };
    await expect(checkData([join(ARROW, 'reviews.arrow')], { columns: REVIEWS, limits })).rejects.toMatchObject({
      code: 'limit',
      message: 'takes more than 1000 bytes as rows',
    });
  });
});
