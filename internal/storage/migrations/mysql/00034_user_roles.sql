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
    KEY user_roles_user (user_id, to_day),
    KEY user_roles_village (village_id, to_day),
    KEY user_roles_region (region_id, to_day),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE user_roles;
