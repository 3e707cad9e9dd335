#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rival of bench_metric: MaxSkew and NDKL as published Python code computes them.

An equivalent written for this comparison, not a copy: like oxai/debias-vision-lang (measuring_bias.py) it keeps one
pandas table of scores and labels a prompt, takes its top rows with nlargest(keep="all"), and walks through them row by
row with iterrows, recomputing the divergence at each rank. No null and no intervals, which that code does not have.

    rival_measures.py SCORES.npy LABELS.npy K [REPEATS]

SCORES: prompts x images, float32; LABELS: images, whole numbers from 0. Prints processor seconds a prompt and
the values of the first prompt (equal shares; shares of the data set), to be compared with `bench_metric --values`.
"""
import sys
import time

import numpy as np
import pandas as pd


def top_rows(scores, labels, k):
    table = pd.DataFrame({"score": scores, "label": labels})
    return table.nlargest(k, "score", keep="all")


def desired_shares(labels, by_data):
    values, counts = np.unique(labels, return_counts=True)
    return counts / counts.sum() if by_data else np.full(len(values), 1 / len(values))


def max_skew(top, k, desired):
    largest = 0.0
    for label, share in enumerate(desired):
        count = int((top["label"] == label).sum())
        actual = count / k if count else 1 / k
        largest = max(largest, float(np.log(actual / share)))
    return largest


def ndkl(top, k, desired):
    counts = np.zeros(len(desired))
    total = 0.0
    for rank, (_, row) in enumerate(top.iterrows(), start=1):
        counts[int(row["label"])] += 1
        shares = counts / rank
        present = shares > 0
        divergence = float(np.sum(shares[present] * np.log(shares[present] / desired[present])))
        total += divergence / np.log2(rank + 1)
    return total / sum(1 / np.log2(rank + 1) for rank in range(1, k + 1))


def measure(scores, labels, k):
    top = top_rows(scores, labels, k)
    values = []
    for by_data in (False, True):
        desired = desired_shares(labels, by_data)
        values += [max_skew(top, k, desired), ndkl(top, k, desired)]
    return values


def max_skew_and_ndkl(scores, labels, k):
    top = top_rows(scores, labels, k)
    desired = desired_shares(labels, True)
    return max_skew(top, k, desired), ndkl(top, k, desired)


def with_draws(scores, labels, k, draws):
    generator = np.random.default_rng(1)
    observed = max_skew_and_ndkl(scores, labels, k)
    null = [max_skew_and_ndkl(scores, generator.permutation(labels), k) for _ in range(draws)]
    resampled = []
    for _ in range(draws):
        rows = generator.integers(0, len(labels), len(labels))
        resampled.append(max_skew_and_ndkl(scores[rows], labels[rows], k))
    return observed, null, resampled


def main():
    scores, labels, k = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) > 5 and sys.argv[4] == "--draws":
        started = time.process_time()
        results = [with_draws(row, labels, k, int(sys.argv[5])) for row in scores]
        print(f"{sys.argv[5]} draws, processor seconds a prompt: {(time.process_time() - started) / len(scores):.5f}")
        observed, null, resampled = results[0]
        print("first prompt: MaxSkew, NDKL", *observed)
        if null:
            print("95th percentiles of the null", *np.percentile(null, 95, axis=0))
            print("percentile intervals", *np.percentile(resampled, [2.5, 97.5], axis=0).T.ravel())
        return
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        results = [measure(row, labels, k) for row in scores]
        seconds.append((time.process_time() - started) / len(scores))
    print("processor seconds a prompt:", " ".join(f"{s:.5f}" for s in seconds))
    print("first prompt:", " ".join(f"{value:.12f}" for value in results[0]))


if __name__ == "__main__":
    main()
