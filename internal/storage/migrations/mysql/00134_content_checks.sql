-- +goose Up
-- What WeChat says of a picture or text: waiting until it has been asked, off where nobody is there to be asked.
CREATE TABLE content_checks (
    id         BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    ref_id     BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    verdict    VARCHAR(8) NOT NULL CHECK (verdict IN ('waiting','pass','review','risky','off')),
    asked_at   BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    UNIQUE KEY content_checks_of (kind, ref_id),
    KEY content_checks_verdict (verdict, asked_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE content_checks;
