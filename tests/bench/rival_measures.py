#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rival of bench_metric: MaxSkew and NDKL as published Python code computes them.

An equivalent written for this comparison, not a copy: like oxai/debias-vision-lang (measuring_bias.py) it keeps one
pandas table of scores and labels a prompt, takes its top rows with nlargest(keep="all"), and walks through them row by
row with iterrows, recomputing the divergence at each rank. No null and no intervals, which that code does not have.

    rival_measures.py SCORES.npy LABELS.npy K [REPEATS]

SCORES: prompts x images, float32; LABELS: images, whole numbers from 0. Prints seconds a prompt and the values of the
first prompt (equal shares; shares of the data set), to be compared with `bench_metric --values`.
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


def main():
    scores, labels, k = np.load(sys.argv[1]), np.load(sys.argv[2]), int(sys.argv[3])
    repeats = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        results = [measure(row, labels, k) for row in scores]
        seconds.append((time.perf_counter() - started) / len(scores))
    print("seconds a prompt:", " ".join(f"{s:.5f}" for s in seconds))
    print("first prompt:", " ".join(f"{value:.12f}" for value in results[0]))


if __name__ == "__main__":
    main()
