-- +goose Up
-- What the other side of a deed says of it, where the item asks both sides: asked of a household, confirmed by one of its people in
-- the app, or orally as an official notes.
CREATE TABLE case_confirmations (
    id           INTEGER NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    batch_id     BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    asked_by     BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    how          VARCHAR(8) NOT NULL CHECK (how IN ('','app','oral')),
    note         VARCHAR(200) NOT NULL,
    confirmed_by BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX case_confirmations_of ON case_confirmations (batch_id, household_id);
CREATE INDEX case_confirmations_household ON case_confirmations (household_id, confirmed_at);
-- +goose Down
DROP TABLE case_confirmations;
