-- +goose Up
-- Append-only. The entries of one event share a posting_id; nothing is ever posted twice under one (village, kind, ref).
CREATE TABLE entries (
    id            BIGINT       NOT NULL PRIMARY KEY,
    village_id    BIGINT       NOT NULL,
    posting_id    BIGINT       NOT NULL,
    line          INT          NOT NULL,
    kind          VARCHAR(12)  NOT NULL,
    ref           VARCHAR(80)  NOT NULL,
    batch_id      BIGINT       NOT NULL,
    corrects_id   BIGINT       NOT NULL,
    by_user       BIGINT       NOT NULL,
    account_id    BIGINT       NOT NULL,
    wallet        VARCHAR(16)  NOT NULL,
    bucket        VARCHAR(9)   NOT NULL,
    seq           BIGINT       NOT NULL CHECK (seq > 0),
    amount        BIGINT       NOT NULL,
    balance_after BIGINT       NOT NULL,
    expires_on    INT          NOT NULL,
    occurred_on   INT          NOT NULL,
    counted_on    INT          NOT NULL,
    created_at    BIGINT       NOT NULL,
    case_id       BIGINT       NOT NULL,
    member_id     BIGINT       NOT NULL,
    group_id      BIGINT       NOT NULL,
    item          VARCHAR(32)  NOT NULL,
    class         VARCHAR(32)  NOT NULL,
    scheme_id     BIGINT       NOT NULL,
    title         VARCHAR(120) NOT NULL,
    UNIQUE KEY entries_chain (account_id, wallet, bucket, seq),
    UNIQUE KEY entries_once (village_id, kind, ref, line),
    KEY entries_passbook (account_id, id),
    KEY entries_counted (village_id, counted_on)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE entries;
