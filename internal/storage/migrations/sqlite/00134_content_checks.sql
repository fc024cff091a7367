-- +goose Up
-- What WeChat says of a picture or text: waiting until it has been asked, off where nobody is there to be asked.
CREATE TABLE content_checks (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    ref_id     BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    verdict    VARCHAR(8) NOT NULL CHECK (verdict IN ('waiting','pass','review','risky','off')),
    asked_at   BIGINT NOT NULL,
    checked_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX content_checks_of ON content_checks (kind, ref_id);
CREATE INDEX content_checks_verdict ON content_checks (verdict, asked_at);
-- +goose Down
DROP TABLE content_checks;
