"""Loops of the centroid index, compiled by Numba; they hold no lock, so threads run side by side.

Shapes: q tokens of a query, P passages of T tokens in all, K centroids. `offsets` [P + 1] says
where the tokens of a passage begin, `codes` [T] the centroid of a token, `table` [K, q] the inner
product of each centroid with each token of the query.
"""

import numpy as np
from numba import njit

compiled = njit(nogil=True, cache=True)
# The order of a sum over a query's tokens is the compiler's to choose.
reordered = njit(nogil=True, cache=True, fastmath=True)
# Below every score; such arithmetic knows no infinity.
LOWEST = np.float32(-3e38)


@compiled
def best_centroids(table, probes, starts):
    """For each token of the query its nearest centroids: rows and scores, [q, probes], falling.

    starts [K + 1]: of their lists of passages; a centroid whose list is empty is none of them.
    """
    tokens = table.shape[1]
    rows = np.zeros((tokens, probes), dtype=np.int64)
    scores = np.full((tokens, probes), -np.inf, dtype=np.float32)
    for row in range(len(table)):
        if starts[row] == starts[row + 1]:
            continue
        of_row = table[row]
        for token in range(tokens):
            score = of_row[token]
            if score <= scores[token, probes - 1]:
                continue
            place = probes - 1
            while place > 0 and scores[token, place - 1] < score:
                scores[token, place] = scores[token, place - 1]
                rows[token, place] = rows[token, place - 1]
                place -= 1
            scores[token, place] = score
            rows[token, place] = row
    return rows, scores


@compiled
def sum_hits(rows, scores, starts, lists, sums, last, found):
    """Partial scores of all passages in the lists of the nearest centroids.

    A passage gets for each token of the query the score of the nearest centroid that has it, less
    that of the token's last probe: so a token without a hit counts as if it were just beyond.
    starts [K + 1] and lists: the passages of each centroid. sums [P] and last [P] are zero before;
    found [P] receives the passages that have a sum. Returns their number.
    """
    number = 0
    for token in range(len(rows)):
        beyond = scores[token, -1]
        for probe in range(rows.shape[1]):
            gain = scores[token, probe] - beyond
            row = rows[token, probe]
            for place in range(starts[row], starts[row + 1]):
                passage = lists[place]
                if last[passage] == 0:
                    found[number] = passage
                    number += 1
                # Centroids come nearest first: what was hit for this token has its best already.
                if last[passage] != token + 1:
                    last[passage] = token + 1
                    sums[passage] += gain
    return number


@reordered
def score_centroids(passages, offsets, codes, table):
    """MaxSim of these passages as if each token were its centroid."""
    tokens = table.shape[1]
    best = np.empty(tokens, dtype=np.float32)
    scores = np.empty(len(passages), dtype=np.float32)
    for number in range(len(passages)):
        best[:] = LOWEST
        for place in range(offsets[passages[number]], offsets[passages[number] + 1]):
            row = table[codes[place]]
            for token in range(tokens):
                best[token] = row[token] if row[token] > best[token] else best[token]
        scores[number] = best.sum()
    return scores


@reordered
def score_tokens(passages, offsets, codes, table, scales, halves, products):
    """MaxSim of these passages: each token's centroid plus its scaled residual.

    scales [T]: the bits of float16, and `halves` [65536] what they stand for. products [n, q]: the
    inner products of the residuals, before scaling, of all tokens of these passages with those of
    the query.
    """
    tokens = table.shape[1]
    best = np.empty(tokens, dtype=np.float32)
    scores = np.empty(len(passages), dtype=np.float32)
    number_of_token = 0
    for number in range(len(passages)):
        best[:] = LOWEST
        for place in range(offsets[passages[number]], offsets[passages[number] + 1]):
            row = table[codes[place]]
            of_token = products[number_of_token]
            scale = halves[scales[place]]
            for token in range(tokens):
                score = row[token] + scale * of_token[token]
                best[token] = score if score > best[token] else best[token]
            number_of_token += 1
        scores[number] = best.sum()
    return scores


@compiled
def widen(passages, offsets, values, wide):
    """Write the values of all tokens of these passages, [n, dim], into `wide`; returns n."""
    number = 0
    for passage in passages:
        start, end = offsets[passage], offsets[passage + 1]
        source = values[start:end].ravel()
        target = wide[number : number + end - start].ravel()
        for place in range(len(source)):
            target[place] = source[place]
        number += end - start
    return number


@compiled
def widen_halves(passages, offsets, values, halves, wide):
    """The same for float16, given as its bits: `halves` [65536] says what they stand for."""
    number = 0
    for passage in passages:
        start, end = offsets[passage], offsets[passage + 1]
        source = values[start:end].ravel()
        target = wide[number : number + end - start].ravel()
        for place in range(len(source)):
            target[place] = halves[source[place]]
        number += end - start
    return number


@compiled
def look_up(passages, offsets, values, words, wide):
    """The same for product-quantised values: `words` [parts, 256] is the code book, and a word, as
    an element of `wide` [n, parts] also, is moved whole.
    """
    number = 0
    for passage in passages:
        for place in range(offsets[passage], offsets[passage + 1]):
            source, target = values[place], wide[number]
            for part in range(len(words)):
                target[part] = words[part, source[part]]
            number += 1
    return number


@compiled
def scaled_residuals(vectors, codes, centroids):
    """Replace vectors [n, dim] by their residual over its largest component; returns that, [n]."""
    scales = np.empty(len(vectors), dtype=np.float32)
    for row in range(len(vectors)):
        vector, centroid = vectors[row], centroids[codes[row]]
        largest = np.float32(1e-6)  # a vector that is its centroid has a residual of zeros
        for place in range(len(vector)):
            vector[place] -= centroid[place]
            largest = max(largest, abs(vector[place]))
        for place in range(len(vector)):
            vector[place] /= largest
        scales[row] = largest
    return scales


@compiled
def count_lists(codes, offsets, starts):
    """Count the passages of each centroid into starts [K + 1], shifted by one."""
    last = np.full(len(starts) - 1, -1, dtype=np.int64)
    for passage in range(len(offsets) - 1):
        for place in range(offsets[passage], offsets[passage + 1]):
            row = codes[place]
            if last[row] != passage:
                last[row] = passage
                starts[row + 1] += 1


@compiled
def fill_lists(codes, offsets, starts, lists):
    """Write the passages of each centroid, ascending, from its start on."""
    last = np.full(len(starts) - 1, -1, dtype=np.int64)
    ends = starts[:-1].copy()
    for passage in range(len(offsets) - 1):
        for place in range(offsets[passage], offsets[passage + 1]):
            row = codes[place]
            if last[row] != passage:
                last[row] = passage
                lists[ends[row]] = passage
                ends[row] += 1
