"""Which query answers for which object: the one-to-one assignment of least total cost.

Source: shortest augmenting paths, as in Crouse (2016), On implementing 2D rectangular assignment algorithms.
"""

import numpy as np
from numpy.typing import NDArray


def assign(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pair rows with columns, each at most once, so that the sum of the costs of the pairs is least.

    Args:
        cost: `[n, m]`, finite.
    Returns:
        min(n, m) pairs (row, column), by row.
    """
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in assign(cost.T))
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    row_of, column_of = np.full(columns, -1), np.full(rows, -1)
    for start in range(rows):
        shortest, before, column = _shortest_path(cost - row_price[:, None] - column_price, start, row_of)
        slack = np.maximum(shortest[column] - shortest, 0)  # of the columns on the way
        passed = (slack > 0) & (row_of >= 0)
        row_price[start] += shortest[column]
        row_price[row_of[passed]] += slack[passed]
        column_price[passed] -= slack[passed]
        while column >= 0:  # every row on the path takes the column that it leads to
            row = before[column]
            row_of[column], column_of[row], column = row, column, column_of[row]
    return list(enumerate(column_of.tolist()))


def _shortest_path(
    reduced: NDArray[np.float64], start: int, row_of: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """From a row to the nearest free column, over pairs that may be dissolved.

    Args:
        reduced: `[n, m]` costs less prices, not negative but for the new row; row_of: the row of each column,
            -1 for a free one.
    Returns:
        the length of the way to each column and the row before it, `[m]` each, and the column reached.
    """
    shortest = np.full(len(row_of), np.inf)
    before, done = np.full(len(row_of), -1), np.zeros(len(row_of), dtype=np.bool_)
    row, length = start, 0.0
    while True:
        ways = length + reduced[row]
        better = ~done & (ways < shortest)
        shortest[better], before[better] = ways[better], row
        column = int(np.where(done, np.inf, shortest).argmin())
        if row_of[column] < 0:
            return shortest, before, column
        done[column] = True
        row, length = int(row_of[column]), float(shortest[column])
