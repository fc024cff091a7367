-- +goose Up
-- teams with an account of their own, such as a dance troupe
CREATE TABLE teams (
    id         BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    name       VARCHAR(80) NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    set_by     BIGINT NOT NULL,
    CHECK (from_day <= to_day),
    KEY teams_village (village_id, to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE teams;
