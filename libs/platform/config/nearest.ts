/** Edit distance with swaps of neighbours as one step, so PROT is nearer to PORT than to PROXY. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + Number(!same), swapped ? at(row - 2, column - 2) + 1 : Infinity);
    }
  }
  return at(a.length, b.length);
}

/** The likeliest meant name; among equals the first. */
export function nearest(name: string, names: readonly string[]): string {
  const ranked = names.map((candidate) => ({ candidate, steps: distance(name, candidate) }));
  return ranked.reduce((best, next) => (next.steps < best.steps ? next : best)).candidate;
}
