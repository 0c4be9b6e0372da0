-- Which programs can work on this schema: those that know this step, or a later one. A migration that takes away what
-- an older program needs raises it, with `UPDATE schema_floor SET oldest_step = …`; others say that they do not, with
-- a line `-- schema_floor: unchanged`.
CREATE TABLE schema_floor (
    oldest_step BIGINT NOT NULL
);
INSERT INTO schema_floor (oldest_step) VALUES (1);
