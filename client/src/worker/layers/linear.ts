/** Solves `matrix` x = `right` by elimination with row exchange; the matrix must not be singular. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < rows.length; pivot++) {
    exchange(rows, pivot, largestBelow(rows, pivot));
    for (let row = pivot + 1; row < rows.length; row++) {
      subtract(rows[row] ?? [], rows[pivot] ?? [], at(row, pivot) / at(pivot, pivot), pivot);
    }
  }
  const solution = Array<number>(rows.length).fill(0);
  for (let row = rows.length - 1; row >= 0; row--) {
    let rest = at(row, rows.length);
    for (let column = row + 1; column < rows.length; column++)
      rest -= at(row, column) * (solution[column] ?? 0);
    solution[row] = rest / at(row, row);
  }
  return solution;
}

function largestBelow(rows: readonly number[][], pivot: number): number {
  let best = pivot;
  for (let row = pivot + 1; row < rows.length; row++) {
    if (Math.abs(rows[row]?.[pivot] ?? 0) > Math.abs(rows[best]?.[pivot] ?? 0)) best = row;
  }
  return best;
}

function exchange(rows: number[][], a: number, b: number): void {
  [rows[a], rows[b]] = [rows[b] ?? [], rows[a] ?? []];
}

function subtract(target: number[], source: readonly number[], factor: number, from: number): void {
  for (let i = from; i < target.length; i++) target[i] = (target[i] ?? 0) - factor * (source[i] ?? 0);
}
