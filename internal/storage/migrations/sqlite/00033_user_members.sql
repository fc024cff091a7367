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
    CHECK (how IN ('phone', 'code', 'office')),
    CHECK (from_day <= to_day)
);
CREATE INDEX user_members_user ON user_members (user_id, to_day);
CREATE INDEX user_members_member ON user_members (member_id, to_day);
-- +goose Down
DROP TABLE user_members;
