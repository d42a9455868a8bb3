import { cut, printable, widthOf } from './text-width.ts';

/** A column has a title, and a cell for each item. It may be left out. */
export type Column<Item> = readonly [title: string, cell: (item: Item) => string | number, isShown?: boolean];

type Format = { width: number; readonly numeric: boolean };

/** A column of text is not cut to less. */
const NARROWEST = 6;
const GAP = 2;

/** Formats a table that has a row for each item. @param widthColumns as for `table` */
export function tableOf<Item>(items: readonly Item[], columns: readonly Column<Item>[], widthColumns?: number): string {
  const shown = columns.filter(([, , isShown = true]) => isShown);
  const titles = shown.map(([title]) => title);
  const rows = items.map((item) => shown.map(([, cell]) => cell(item)));
  return table(titles, rows, widthColumns);
}

/**
 * Formats rows as columns of equal width, two spaces apart, with a heading; numbers are aligned to the right. Control
 * characters are shown as `?`.
 * @param widthColumns how wide the table may be: the widest columns of text are cut until it fits, and lines where that is
 *   not enough
 */
export function table(
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  widthColumns: number = Number.POSITIVE_INFINITY,
): string {
  const texts = rows.map((row) => heading.map((_, column) => printable(String(row[column] ?? ''))));
  const columns = heading.map((title, column): Format => {
    const width = Math.max(widthOf(title), ...texts.map((row) => widthOf(row[column] ?? '')));
    return { width, numeric: rows.length > 0 && rows.every((row) => typeof row[column] === 'number') };
  });
  shrink(columns, widthColumns);
  return [heading, ...texts].map((row) => cut(line(row, columns), widthColumns)).join('\n');
}

function shrink(columns: readonly Format[], widthColumns: number): void {
  let excess = columns.reduce((sum, { width }) => sum + width + GAP, -GAP) - widthColumns;
  while (excess > 0) {
    const [widest, next] = columns.filter(({ numeric }) => !numeric).sort((a, b) => b.width - a.width);
    if (!widest || widest.width <= NARROWEST) return;
    // Down to the next widest at once, then both together, one column at a time.
    const by = Math.min(excess, Math.max(1, widest.width - Math.max(next?.width ?? 0, NARROWEST)));
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
