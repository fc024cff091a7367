-- +goose Up
-- What each member of the panel said of a case, once. points: what it is worth, for items whose value the panel gives.
CREATE TABLE case_votes (
    case_id    BIGINT       NOT NULL,
    user_id    BIGINT       NOT NULL,
    village_id BIGINT       NOT NULL,
    aye        INT          NOT NULL CHECK (aye IN (0, 1)),
    points     BIGINT       NOT NULL,
    why        VARCHAR(200) NOT NULL,
    at_ms      BIGINT       NOT NULL,
    PRIMARY KEY (case_id, user_id)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE case_votes;
