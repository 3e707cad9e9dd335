-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 1 of the project file. A step of this ladder is never edited once released; a change is the next number.
-- Paths and file names that are not UTF-8 have the lossless form of encodePath; label codes are little-endian int32,
-- scores little-endian float32. Ids are never used twice (AUTOINCREMENT): a run names its model by number even after the
-- model was removed.

CREATE TABLE setting (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    path       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    vocab_path TEXT NOT NULL,
    card       TEXT NOT NULL,               -- JSON, as `plumb model --json` prints it
    added      TEXT NOT NULL
) STRICT;

CREATE TABLE probe (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    probe TEXT NOT NULL,                    -- JSON
    added TEXT NOT NULL
) STRICT;

-- The content of an image set never changes once it is added. Removing it while a run needs it only hides it.
CREATE TABLE image_set (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    root          TEXT NOT NULL,
    labels_file   TEXT NOT NULL,
    labels_sha256 TEXT NOT NULL,
    preset        TEXT NOT NULL,
    images        INTEGER NOT NULL,
    report        TEXT NOT NULL,            -- JSON
    hidden        INTEGER NOT NULL DEFAULT 0,
    added         TEXT NOT NULL
) STRICT;

-- File names, each ended by a zero byte, in pieces of some ten thousand rows.
CREATE TABLE image_set_files (
    image_set INTEGER NOT NULL REFERENCES image_set (id) ON DELETE CASCADE,
    first_row INTEGER NOT NULL,
    names     BLOB NOT NULL,
    PRIMARY KEY (image_set, first_row)
) STRICT;

CREATE TABLE attribute (
    id         INTEGER PRIMARY KEY,
    image_set  INTEGER NOT NULL REFERENCES image_set (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    unlabelled INTEGER NOT NULL,
    codes      BLOB NOT NULL,               -- int32 a row; -1: no value
    UNIQUE (image_set, position)
) STRICT;

CREATE TABLE attribute_group (
    attribute INTEGER NOT NULL REFERENCES attribute (id) ON DELETE CASCADE,
    code      INTEGER NOT NULL,
    name      TEXT NOT NULL,
    images    INTEGER NOT NULL,
    PRIMARY KEY (attribute, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE thumbnail (
    image_set INTEGER NOT NULL REFERENCES image_set (id) ON DELETE CASCADE,
    image     INTEGER NOT NULL,             -- row of the set
    jpeg      BLOB NOT NULL,
    PRIMARY KEY (image_set, image)
) STRICT;

CREATE TABLE run (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    state          TEXT NOT NULL CHECK (state IN ('running', 'cancelled', 'failed', 'done')),
    config         TEXT NOT NULL,           -- JSON
    provenance     TEXT,                    -- JSON; NULL until the run is done
    model_name     TEXT NOT NULL,
    image_set      INTEGER REFERENCES image_set (id),
    image_set_name TEXT NOT NULL,
    prompts        INTEGER NOT NULL,
    images         INTEGER NOT NULL,
    skipped        INTEGER NOT NULL DEFAULT 0,
    embedded       INTEGER NOT NULL DEFAULT 0,
    error          TEXT,                    -- JSON
    warnings       TEXT NOT NULL DEFAULT '[]',
    created        TEXT NOT NULL
) STRICT;
CREATE INDEX run_image_set ON run (image_set);

CREATE TABLE run_prompt (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    text      TEXT NOT NULL,
    truncated INTEGER NOT NULL,
    scores    BLOB NOT NULL,                -- float32 an image; NaN: skipped
    PRIMARY KEY (run, position)
) STRICT;

-- The figures that other programs like to sort by stand beside the whole result; NULL is undefined.
CREATE TABLE run_measurement (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    prompt    TEXT,
    attribute TEXT NOT NULL,
    max_skew  REAL,
    min_skew  REAL,
    ndkl      REAL,
    result    TEXT NOT NULL,                -- JSON, as `plumb measure --json` prints it
    PRIMARY KEY (run, position)
) STRICT;

CREATE TABLE run_skipped (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    file     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (run, position)
) STRICT;

CREATE TABLE run_concept (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    summary  TEXT NOT NULL,                 -- JSON
    PRIMARY KEY (run, position)
) STRICT;
