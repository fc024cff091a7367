-- +goose Up
-- Roles with terms: in force on d when from_day <= d < to_day. Rows are ended, never removed.
CREATE TABLE user_roles (
    id         BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    role       VARCHAR(20) NOT NULL,
    village_id BIGINT NOT NULL,
    shop_id    BIGINT NOT NULL,
    group_id   BIGINT NOT NULL,
    region_id  BIGINT NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    granted_by BIGINT NOT NULL,
    granted_at BIGINT NOT NULL,
    ended_by   BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (from_day <= to_day)
);
CREATE INDEX user_roles_user ON user_roles (user_id, to_day);
CREATE INDEX user_roles_village ON user_roles (village_id, to_day);
CREATE INDEX user_roles_region ON user_roles (region_id, to_day);
-- +goose Down
DROP TABLE user_roles;
