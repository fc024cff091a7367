-- +goose Up
-- What stands against an account from a day until before another; a tag that is lifted ends, it is not removed.
CREATE TABLE tags (
    id         INTEGER      NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    account_id BIGINT       NOT NULL,
    kind       VARCHAR(12)  NOT NULL CHECK (kind IN ('veto','barred','suspended','warning','open_fault')),
    from_day   INT          NOT NULL,
    to_day     INT          NOT NULL,
    case_id    BIGINT       NOT NULL,
    reason     VARCHAR(200) NOT NULL,
    added_at   BIGINT       NOT NULL,
    added_by   BIGINT       NOT NULL,
    lifted_at  BIGINT       NOT NULL,
    lifted_by  BIGINT       NOT NULL
);
CREATE INDEX tags_account ON tags (account_id, to_day);
CREATE INDEX tags_village ON tags (village_id, kind, to_day);
-- +goose Down
DROP TABLE tags;
