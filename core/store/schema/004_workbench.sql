-- SPDX-License-Identifier: GPL-3.0-or-later
-- What looking at every picture of a set found, when and by what measure. A new check takes the place of the old one.
CREATE TABLE image_check (
    image_set     INTEGER PRIMARY KEY REFERENCES image_set (id) ON DELETE CASCADE,
    checked       TEXT NOT NULL,
    smallest_side INTEGER NOT NULL,
    dark          REAL NOT NULL,
    bright        REAL NOT NULL,
    near_bits     INTEGER NOT NULL
) STRICT;
-- The images with one flaw, packed as label codes are.
CREATE TABLE image_finding (
    image_set INTEGER NOT NULL REFERENCES image_check (image_set) ON DELETE CASCADE,
    flaw      TEXT NOT NULL,                -- "unreadable", "exact-duplicate", ...
    images    BLOB NOT NULL,                -- int32: rows of the set
    firsts    BLOB NOT NULL,                -- int32 an image: the first row of the same picture; empty where none is
    measures  BLOB NOT NULL,                -- float32 an image; empty where none is
    reasons   BLOB NOT NULL,                -- a text an image, each ended by a zero byte; empty where none is
    PRIMARY KEY (image_set, flaw)
) STRICT;
-- Who says that an image has the label.
CREATE TABLE label_source (
    attribute INTEGER PRIMARY KEY REFERENCES attribute (id) ON DELETE CASCADE,
    source    TEXT NOT NULL,                -- "self-reported", "annotated", "inferred", "unknown"
    note      TEXT NOT NULL
) STRICT;
-- States of a probe set that are kept: what a run asked, and what the user saved as a version. Each state once.
CREATE TABLE probe_version (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    probe INTEGER NOT NULL REFERENCES probe (id) ON DELETE CASCADE,
    state TEXT NOT NULL,                    -- JSON, as probe.probe was
    kept  TEXT NOT NULL
) STRICT;
CREATE INDEX probe_version_probe ON probe_version (probe);
