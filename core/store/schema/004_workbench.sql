-- States of a probe set that are kept: what a run asked, and what the user saved as a version. Each state once.
CREATE TABLE probe_version (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    probe INTEGER NOT NULL REFERENCES probe (id) ON DELETE CASCADE,
    state TEXT NOT NULL,                    -- JSON, as probe.probe was
    kept  TEXT NOT NULL
) STRICT;
CREATE INDEX probe_version_probe ON probe_version (probe);
