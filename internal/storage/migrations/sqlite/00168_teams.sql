-- +goose Up
-- teams with an account of their own, such as a dance troupe
CREATE TABLE teams (
    id         BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    name       VARCHAR(80) NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    set_by     BIGINT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE INDEX teams_village ON teams (village_id, to_day);
-- +goose Down
DROP TABLE teams;
