-- +goose Up
-- the households, persons and regions a succession goes from and to
CREATE TABLE succession_parts (
    id            INTEGER NOT NULL PRIMARY KEY,
    succession_id BIGINT NOT NULL,
    side          VARCHAR(8) NOT NULL,
    kind          VARCHAR(12) NOT NULL,
    owner_id      BIGINT NOT NULL,
    CHECK (side IN ('from', 'to')),
    CHECK (kind IN ('household', 'person', 'group', 'village'))
);
CREATE INDEX succession_parts_succession ON succession_parts (succession_id, id);
CREATE INDEX succession_parts_owner ON succession_parts (owner_id);

-- +goose Down
DROP TABLE succession_parts;
