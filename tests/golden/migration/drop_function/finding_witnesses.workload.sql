SELECT total(id) FROM orders WHERE user_id = $1;
SELECT public.total($1);
SELECT count(*) FROM orders;
