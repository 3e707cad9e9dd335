-- The measures beside the rankings: one table of numbers a row.
CREATE TABLE run_table (
    run      INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id       TEXT NOT NULL,                 -- "weat", "zero_shot_accuracy", ...
    result   TEXT NOT NULL,                 -- JSON, as `plumb measure KIND --json` prints it
    PRIMARY KEY (run, position)
) STRICT;
