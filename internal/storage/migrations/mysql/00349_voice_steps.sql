-- +goose Up
-- Append-only: what happened to a voice.
CREATE TABLE voice_steps (
    id       BIGINT       NOT NULL PRIMARY KEY,
    voice_id BIGINT       NOT NULL,
    at_ms    BIGINT       NOT NULL,
    by_user  BIGINT       NOT NULL,
    step     VARCHAR(10)  NOT NULL CHECK (step IN ('said','answered','raised','rated','withdrawn')),
    text     VARCHAR(500) NOT NULL,
    KEY voice_steps_voice (voice_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE voice_steps;
