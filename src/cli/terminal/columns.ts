import { displayWidth, type Ink, paint } from '../../report/index.ts';

/** A table for a terminal: columns as wide as what is in them. All text given is already safe to print. */
export function columnsText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { color, ink }: { readonly color: boolean; readonly ink?: (column: number, text: string) => Ink | undefined },
): string {
  const widths = head.map((name, column) =>
    rows.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? '')), displayWidth(name)),
  );
  const line = (cells: readonly string[], inkOf: (column: number, text: string) => Ink | undefined) =>
    cells
      .map((text, column) => {
        const used = color ? inkOf(column, text) : undefined;
        const shown = used === undefined || text === '' ? text : paint(used, text);
        // Nothing follows the last.
        return column === cells.length - 1
          ? shown
          : shown + ' '.repeat((widths[column] ?? 0) - displayWidth(text) + GAP);
      })
      .join('')
      .trimEnd();
  const inkOf = ink ?? (() => undefined);
  return [line(head, () => 'dim'), ...rows.map((row) => line(row, inkOf))].map((text) => `${text}\n`).join('');
}

const GAP = 2;
