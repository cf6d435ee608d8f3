-- name: A :one
SELECT @a, sqlc.narg('b') FROM orders;
-- name: B :exec
DELETE FROM users USING orders WHERE note = @c;
