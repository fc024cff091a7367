-- +goose Up
-- a thing that people of a village want in the shop; open_key is 0 while open, then the wish's id
CREATE TABLE wishes (
    id INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    thing VARCHAR(30) NOT NULL,
    thing_key VARCHAR(30) NOT NULL,
    open_key BIGINT NOT NULL,
    state VARCHAR(10) NOT NULL,
    votes INT NOT NULL,
    answer VARCHAR(200) NOT NULL,
    made_by BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    closed_by BIGINT NOT NULL DEFAULT 0,
    closed_at BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('open', 'met', 'declined', 'withdrawn'))
);
CREATE UNIQUE INDEX wishes_thing ON wishes (village_id, thing_key, open_key);
CREATE INDEX wishes_state ON wishes (village_id, state, votes);
-- +goose Down
DROP TABLE wishes;
