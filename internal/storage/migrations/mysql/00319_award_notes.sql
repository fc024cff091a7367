-- +goose Up
-- a correction of a deed of the span after the list was sealed: what was issued stands and carries the note
CREATE TABLE award_notes (
    round_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    posting_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    title VARCHAR(120) NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (round_id, account_id, posting_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE award_notes;
