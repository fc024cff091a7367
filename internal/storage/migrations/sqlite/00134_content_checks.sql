-- +goose Up
-- What WeChat says of a picture or text: waiting until it has been asked. Where there is nobody to ask
-- there is no row. trusted: written by an official, shown until there is an answer.
CREATE TABLE content_checks (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    ref_id     BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    trusted    INT NOT NULL CHECK (trusted IN (0, 1)),
    verdict    VARCHAR(8) NOT NULL CHECK (verdict IN ('waiting','pass','review','risky')),
    asked_at   BIGINT NOT NULL,
    checked_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX content_checks_of ON content_checks (kind, ref_id);
CREATE INDEX content_checks_verdict ON content_checks (verdict, asked_at);
-- +goose Down
DROP TABLE content_checks;
