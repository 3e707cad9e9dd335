-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an auditor says of a run, of one of its findings (prompt and attribute), or of one of its images. Each has one.
CREATE TABLE note (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    prompt    TEXT NOT NULL,                -- of a finding; otherwise empty, as the next
    attribute TEXT NOT NULL,
    image     INTEGER NOT NULL,             -- row of the run's image set; -1: not of an image
    flagged   INTEGER NOT NULL,
    text      TEXT NOT NULL,
    changed   TEXT NOT NULL,
    UNIQUE (run, prompt, attribute, image)
) STRICT;
