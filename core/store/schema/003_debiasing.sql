-- Debiasing: studies (several methods, fitted, chosen and audited) and the transforms that they fitted.
CREATE TABLE study (
    id       INTEGER PRIMARY KEY,
    state    TEXT NOT NULL,                 -- running, cancelled, failed, done
    config   TEXT NOT NULL,                 -- JSON, DebiasStudyConfig
    result   TEXT,                          -- JSON, DebiasStudy, of one that is done
    error    TEXT,                          -- JSON
    created  TEXT NOT NULL,
    finished TEXT
) STRICT;
CREATE TABLE transform (
    id      INTEGER PRIMARY KEY,
    study   INTEGER REFERENCES study (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;
-- The files of its folder, as debias::writeTransform leaves them.
CREATE TABLE transform_file (
    transform INTEGER NOT NULL REFERENCES transform (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,                -- relative, with '/'
    bytes     BLOB NOT NULL,
    PRIMARY KEY (transform, name)
) STRICT;
