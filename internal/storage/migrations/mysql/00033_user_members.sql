-- +goose Up
-- Which members of households a user stands for, and how that came about.
CREATE TABLE user_members (
    id         BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    how        VARCHAR(8) NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    made_by    BIGINT NOT NULL,
    ended_by   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY user_members_user (user_id, to_day),
    KEY user_members_member (member_id, to_day),
    CHECK (how IN ('phone', 'code', 'office')),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE user_members;
