-- +goose Up
-- What stands against an account from a day until before another; a tag that is lifted ends, it is not removed.
CREATE TABLE tags (
    id         BIGINT       NOT NULL PRIMARY KEY,
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
    lifted_by  BIGINT       NOT NULL,
    KEY tags_account (account_id, to_day),
    KEY tags_village (village_id, kind, to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE tags;
