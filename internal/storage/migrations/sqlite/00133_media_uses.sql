-- +goose Up
-- What a picture is shown with: kind and ref name it (case and its batch, goods and its id), part a part of it. trusted: attached
-- by an official. lasting: kept until it is taken off; others go after the months of the settings. ended_at 0: still shown.
CREATE TABLE media_uses (
    id         INTEGER NOT NULL PRIMARY KEY,
    media_id   BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    ref_id     BIGINT NOT NULL,
    part_id    BIGINT NOT NULL,
    role       VARCHAR(16) NOT NULL,
    by_user    BIGINT NOT NULL,
    trusted    INT NOT NULL CHECK (trusted IN (0, 1)),
    lasting    INT NOT NULL CHECK (lasting IN (0, 1)),
    created_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX media_uses_once ON media_uses (kind, ref_id, part_id, media_id);
CREATE INDEX media_uses_media ON media_uses (media_id);
-- +goose Down
DROP TABLE media_uses;
