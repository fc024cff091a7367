-- +goose Up
-- What WeChat says of a picture or text: waiting until it has been asked. Where there is nobody to ask
-- there is no row. trusted: written by an official, shown until there is an answer.
CREATE TABLE content_checks (
    id         BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    ref_id     BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    trusted    INT NOT NULL CHECK (trusted IN (0, 1)),
    verdict    VARCHAR(8) NOT NULL CHECK (verdict IN ('waiting','pass','review','risky')),
    asked_at   BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    UNIQUE KEY content_checks_of (kind, ref_id),
    KEY content_checks_verdict (verdict, asked_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE content_checks;
