-- +goose Up
-- What the other side of a deed says of it, where the item asks both sides: asked of a household, confirmed by one of its people in
-- the app, or orally as an official notes.
CREATE TABLE case_confirmations (
    id           BIGINT NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    batch_id     BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    asked_by     BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    how          VARCHAR(8) NOT NULL CHECK (how IN ('','app','oral')),
    note         VARCHAR(200) NOT NULL,
    confirmed_by BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    UNIQUE KEY case_confirmations_of (batch_id, household_id),
    KEY case_confirmations_household (household_id, confirmed_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE case_confirmations;
