-- +goose Up
-- Append-only: what happened to a voice.
CREATE TABLE voice_steps (
    id       INTEGER      NOT NULL PRIMARY KEY,
    voice_id BIGINT       NOT NULL,
    at_ms    BIGINT       NOT NULL,
    by_user  BIGINT       NOT NULL,
    step     VARCHAR(10)  NOT NULL CHECK (step IN ('said','answered','raised','rated','withdrawn')),
    text     VARCHAR(500) NOT NULL
);
CREATE INDEX voice_steps_voice ON voice_steps (voice_id, id);
-- +goose Down
DROP TABLE voice_steps;
