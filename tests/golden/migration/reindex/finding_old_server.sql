-- postgres: 11
REINDEX INDEX orders_user_idx;
