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
    KEY handovers_from (from_user, village_id, id),
    KEY handovers_to (to_user, village_id, id),
    KEY handovers_village (village_id, id),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE handovers;
