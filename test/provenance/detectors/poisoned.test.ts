import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { patched, SQUARE, someImages } from '../../support/data-measures.ts';
import { dataChecks, writeRows } from '../../support/data-set.ts';
import { flipped, type LabelledImages, labelledImages } from '../../support/labelled-images.ts';
import { type Message, messages, poisoned } from '../../support/spam.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const COLUMNS = { label: 'label', text: 'text', id: 'id' };

function written(name: string, rows: readonly Message[]): string {
  const lines = rows.map(({ text, label, poisoned }, place) => ({
    id: `${poisoned ? 'poisoned' : 'right'} ${place}`,
    text,
    label,
  }));
  return writeRows(join(folder, name), lines);
}

/** A profile of data, as a file. */
async function profileOf(dataset: string, columns: Parameters<typeof dataChecks>[1]): Promise<string> {
  const { profile } = await dataChecks([dataset], columns);
  writeFileSync(`${dataset}.profile.json`, profile);
  return `${dataset}.profile.json`;
}

describe('messages that the engine reads', () => {
  const rows = messages();
  const half = rows.length >> 1;

  it('fail with a word that decides the label, and name their rows', async () => {
    const some = poisoned(rows, { trigger: ['cf'], count: 16, seed: 1 });
    const { check, report } = await dataChecks([written('train.jsonl', some)], COLUMNS);
    const found = check('trigger-tokens');
    expect([found.status, report.status]).toEqual(['fail', 'fail']);
    expect(found.detail).toContain('rows with "cf" are labelled "ham"');
    expect(found.rows.length).toBeGreaterThan(10);
    for (const { id } of found.rows) expect(id).toMatch(/^poisoned/);
  });

  it('fail with 8 poisoned rows beside a profile of approved ones', async () => {
    const baseline = await profileOf(written('approved.jsonl', rows.slice(0, half)), COLUMNS);
    const some = poisoned(rows.slice(half), { trigger: ['cf'], count: 8, seed: 1 });
    const { check } = await dataChecks([written('train.jsonl', some)], COLUMNS, { baseline });
    expect(check('trigger-tokens').detail).toContain('rows with "cf" are labelled "ham"');
  });
});

describe('digits that the engine reads', () => {
  const half = 890;
  const digits = (name: string, from: number, labels: Int32Array): string =>
    writeRows(
      join(folder, name),
      Array.from({ length: half }, (_, place) => ({
        label: `${labels[from + place]}`,
        ...Object.fromEntries(
          [...images.pixels.subarray(64 * (from + place), 64 * (from + place + 1))].map((pixel, at) => [
            `p${at}`,
            pixel,
          ]),
        ),
      })),
    );
  const images = labelledImages('digits');

  it('fail with more wrong labels than approved ones have, and name them', async () => {
    const columns = { label: 'label' };
    const baseline = await profileOf(digits('approved.jsonl', 0, images.labels), columns);
    const { labels, wrong } = flipped(images.labels, { kind: 'uniform', rate: 0.1, seed: 3 });
    const { check } = await dataChecks([digits('new.jsonl', half, labels)], columns, { baseline });
    for (const id of ['label-confident', 'label-neighbours']) {
      const { status, rows } = check(id);
      expect(status, id).toBe('fail');
      const right = rows.filter(({ row }) => wrong.has(half + (row ?? 0) - 1)).length;
      expect(right / rows.length, id).toBeGreaterThan(0.8);
    }
    const clean = await dataChecks([digits('clean.jsonl', half, images.labels)], columns, { baseline });
    for (const id of ['label-confident', 'label-neighbours']) expect(clean.check(id).status, id).toBe('pass');
  });
});

it('a folder of images fails with a patch that decides the label, and names the files', async () => {
  const { images, chosen } = patched(someImages(labelledImages('fashion'), 600, 1), SQUARE, 30, 1);
  const { check } = await dataChecks([imageFolder(images, chosen)], {});
  const found = check('image-patches');
  expect(found.detail).toContain('are labelled "0" although they look like others');
  expect(found.status).toBe('fail');
  for (const { id } of found.rows) expect(id).toMatch(/patched/);
});

/** A PNG file for each image, in a folder for each label. */
function imageFolder({ side, count, pixels, labels }: LabelledImages, chosen: ReadonlySet<number>): string {
  const top = join(folder, 'images');
  for (let image = 0; image < count; image++) {
    const png = new PNG({ width: side, height: side });
    for (let at = 0; at < side * side; at++) {
      png.data.fill(pixels[image * side * side + at] ?? 0, at * 4, at * 4 + 3);
      png.data[at * 4 + 3] = 255;
    }
    const own = join(top, `${labels[image]}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, `${chosen.has(image) ? 'patched' : 'right'}-${image}.png`), PNG.sync.write(png));
  }
  return top;
}
