-- +goose Up
-- a thing that people of a village want in the shop; open_key is 0 while open, then the wish's id
CREATE TABLE wishes (
    id BIGINT NOT NULL PRIMARY KEY,
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
    CHECK (state IN ('open', 'met', 'declined', 'withdrawn')),
    UNIQUE KEY wishes_thing (village_id, thing_key, open_key),
    KEY wishes_state (village_id, state, votes)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE wishes;
