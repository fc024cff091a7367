-- +goose Up
-- The work of an official given to another. from_day to to_day is the term in which the earlier official held office there.
CREATE TABLE handovers (
    id         BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    from_user  BIGINT NOT NULL,
    to_user    BIGINT NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    note       VARCHAR(200) NOT NULL,
    made_by    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (from_day <= to_day)
);
CREATE INDEX handovers_from ON handovers (from_user, village_id, id);
CREATE INDEX handovers_to ON handovers (to_user, village_id, id);
CREATE INDEX handovers_village ON handovers (village_id, id);
-- +goose Down
DROP TABLE handovers;
