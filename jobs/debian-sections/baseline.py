#!/usr/bin/env python3
"""The baseline: TF-IDF of words and word pairs with logistic regression, on the same split.

With --soft FILE it also writes what five such models, each trained without one fifth of the training
records, say of the records that they have not seen: soft targets for train.py.
"""
import argparse
import json
import pathlib

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

FOLDS = 5


def read(path):
    """The texts and sections of a file of records."""
    records = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [record["text"] for record in records], [record["section"] for record in records]


def fit(texts, sections):
    """A fitted vectorizer and classifier."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    classifier = LogisticRegression(C=20, max_iter=200, tol=1e-3)
    classifier.fit(vectorizer.fit_transform(texts), sections)
    return vectorizer, classifier


def soft_targets(texts, sections):
    """Probabilities of every training record by a model that has not seen it, in label order."""
    labels = sorted(set(sections))
    soft = numpy.zeros((len(texts), len(labels)), dtype=numpy.float32)
    for fold in range(FOLDS):
        inside = [index for index in range(len(texts)) if index % FOLDS != fold]
        outside = [index for index in range(len(texts)) if index % FOLDS == fold]
        vectorizer, classifier = fit([texts[i] for i in inside], [sections[i] for i in inside])
        columns = [labels.index(label) for label in classifier.classes_]
        answers = classifier.predict_proba(vectorizer.transform([texts[i] for i in outside]))
        soft[numpy.ix_(outside, columns)] = answers
        print(f"fold {fold + 1} of {FOLDS} done", flush=True)
    return soft


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", default=".", help="where train.jsonl and held-out.jsonl lie")
    parser.add_argument("--soft", help="write soft targets of the training records to this .npy file")
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    texts, sections = read(folder / "train.jsonl")
    vectorizer, classifier = fit(texts, sections)
    held_texts, held_sections = read(folder / "held-out.jsonl")
    accuracy = classifier.score(vectorizer.transform(held_texts), held_sections)
    print(f"baseline accuracy {100 * accuracy:.2f} %", flush=True)
    if arguments.soft:
        numpy.save(arguments.soft, soft_targets(texts, sections))


if __name__ == "__main__":
    main()
