-- +goose Up
-- What a user agreed to or took back, in order; nothing is overwritten.
CREATE TABLE consents (
    id      BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    kind    VARCHAR(12) NOT NULL,
    version VARCHAR(20) NOT NULL,
    given   INT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (given IN (0, 1))
);
CREATE INDEX consents_user ON consents (user_id, kind, id);
-- +goose Down
DROP TABLE consents;
