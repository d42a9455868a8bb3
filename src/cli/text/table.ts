import { printable } from '../../base/printable.ts';
import { cut, widthOf } from './text-width.ts';

/**
 * A column has a title, and a cell for each item. It may be left out: by `isShown`, or where there is too little room. Then
 * the columns with the lowest `spare` go first. Those without one stay. Before a column of text is cut to less than
 * `readable` columns of the terminal, others are left out.
 */
export type Column<Item> = readonly [
  title: string,
  cell: (item: Item) => string | number,
  options?: { readonly isShown?: boolean; readonly spare?: number; readonly readable?: number },
];

type Format = { width: number; readonly numeric: boolean; readonly leastWidth: number };

/** A column of text is not cut to less. */
const NARROWEST = 6;
/** A caller's number fits, and a date with its time. */
const READABLE = 16;
const GAP = 2;

/** Formats a table that has a row for each item. @param widthColumns as for `table` */
export function tableOf<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
  widthColumns = Number.POSITIVE_INFINITY,
): string {
  const shown = columns
    .filter(([, , { isShown = true } = {}]) => isShown)
    .map(([title, cell, { spare = Number.POSITIVE_INFINITY, readable = READABLE } = {}]) => {
      const cells = items.map((item) => cell(item));
      const width = Math.max(widthOf(title), ...cells.map((each) => widthOf(String(each))));
      const isNumeric = cells.length > 0 && cells.every((each) => typeof each === 'number');
      return {
        title,
        cells,
        spare,
        leastWidth: isNumeric ? width : Math.min(width, Math.max(widthOf(title), readable)),
      };
    });
  const kept = withoutSpare(shown, widthColumns);
  const rows = items.map((_, row) => kept.map(({ cells }) => cells[row] ?? ''));
  return table(
    kept.map(({ title }) => title),
    rows,
    widthColumns,
    kept.map(({ leastWidth }) => leastWidth),
  );
}

/** Leaves columns out until the others are readable, or none may go. */
function withoutSpare<C extends { readonly spare: number; readonly leastWidth: number }>(
  columns: readonly C[],
  widthColumns: number,
): readonly C[] {
  const needed = columns.reduce((sum, { leastWidth }) => sum + leastWidth + GAP, -GAP);
  const least = Math.min(...columns.map(({ spare }) => spare));
  if (needed <= widthColumns || !Number.isFinite(least)) return columns;
  return withoutSpare(
    columns.filter(({ spare }) => spare !== least),
    widthColumns,
  );
}

/**
 * Formats rows as columns of equal width, two spaces apart, with a heading; numbers are aligned to the right. Control
 * characters are shown as `?`.
 * @param widthColumns how wide the table may be: the widest columns of text are cut until it fits, and lines where that is
 *   not enough
 * @param leastWidths of columns that are cut to less only when all are cut so far
 */
export function table(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  widthColumns: number = Number.POSITIVE_INFINITY,
  leastWidths: readonly number[] = [],
): string {
  const texts = rows.map((row) => heading.map((_, column) => printable(String(row[column] ?? ''))));
  const columns = heading.map((title, column): Format => {
    const width = Math.max(widthOf(title), ...texts.map((row) => widthOf(row[column] ?? '')));
    return {
      width,
      numeric: rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
      leastWidth: leastWidths[column] ?? NARROWEST,
    };
  });
  shrink(columns, widthColumns, ({ leastWidth }) => leastWidth);
  shrink(columns, widthColumns, () => NARROWEST);
  return [heading, ...texts].map((row) => cut(line(row, columns), widthColumns)).join('\n');
}

function shrink(columns: readonly Format[], widthColumns: number, leastOf: (column: Format) => number): void {
  let excess = columns.reduce((sum, { width }) => sum + width + GAP, -GAP) - widthColumns;
  while (excess > 0) {
    const cuttable = columns.filter((column) => !column.numeric && column.width > leastOf(column));
    const [widest, next] = cuttable.sort((a, b) => b.width - a.width);
    if (!widest) return;
    // Down to the next widest at once, then both together, one column at a time.
    const by = Math.min(excess, Math.max(1, widest.width - Math.max(next?.width ?? 0, leastOf(widest))));
    widest.width -= by;
    excess -= by;
  }
}

function line(row: readonly string[], columns: readonly Format[]): string {
  return columns
    .map(({ width, numeric }, column) => {
      const cell = cut(row[column] ?? '', width);
      const padding = ' '.repeat(width - widthOf(cell));
      return numeric ? padding + cell : cell + padding;
    })
    .join(' '.repeat(GAP))
    .trimEnd();
}
