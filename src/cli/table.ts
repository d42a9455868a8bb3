/** Formats rows as columns of equal width, two spaces apart, with a heading; numbers are aligned to the right. */
export function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const columns = heading.map((title, column) => {
    const cells = rows.map((row) => row[column] ?? '');
    const width = Math.max(title.length, ...cells.map((cell) => String(cell).length));
    return { width, numeric: cells.length > 0 && cells.every((cell) => typeof cell === 'number') };
  });
  return [heading, ...rows]
    .map((row) =>
      columns
        .map(({ width, numeric }, column) => {
          const cell = String(row[column] ?? '');
          return numeric ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
