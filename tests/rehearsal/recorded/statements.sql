SELECT * FROM accounts WHERE id = 7
SELECT id, email, name FROM accounts WHERE lower(email) = 'ann@example.org' AND deleted_at IS NULL LIMIT 1
SELECT count(*) FROM accounts WHERE active AND plan = 'team'
SELECT count(*) FROM accounts WHERE plan IN ('team', 'firm')
SELECT * FROM accounts WHERE id IN (1, 2, 3, 5, 8) ORDER BY id DESC LIMIT 20 OFFSET 40
SELECT * FROM accounts WHERE id = ANY (ARRAY[1, 2, 3])
SELECT * FROM accounts WHERE id <> ALL (ARRAY[4, 5]) AND active = true
SELECT * FROM accounts WHERE id = ANY ('{1,2,3}')
SELECT id FROM accounts WHERE tags @> ARRAY['vip', 'eu']
SELECT id FROM accounts WHERE tags && ARRAY['vip'] AND NOT 'old' = ANY (tags)
SELECT id FROM accounts WHERE settings @> '{"beta": true}' AND settings ->> 'locale' = 'de' AND settings -> 'limits' ->> 'seats' > '5'
SELECT id, settings #>> '{limits,seats}', jsonb_array_length(settings -> 'teams') FROM accounts WHERE settings ? 'teams'
SELECT id, ts_rank(search, to_tsquery('english', 'invoice & paid')) AS rank FROM accounts WHERE search @@ plainto_tsquery('english', 'invoice') ORDER BY rank DESC LIMIT 10
SELECT id FROM accounts WHERE name ILIKE '%ann%' OR email LIKE 'ann\_%' ESCAPE '\'
SELECT id FROM accounts WHERE name ~* '^an+' AND email SIMILAR TO '%@(example|test).org'
SELECT id FROM accounts WHERE created_at > now() - interval '30 days'
SELECT id FROM accounts WHERE created_at BETWEEN timestamp with time zone '2026-01-01 00:00:00+00' AND timestamptz '2026-02-01'
SELECT id FROM accounts WHERE created_at >= '2026-01-01' AND created_at < '2026-02-01'
SELECT id FROM accounts WHERE created_at >= date '2026-01-01' AND created_at < date '2026-01-01' + interval '1' month
SELECT id FROM accounts WHERE created_at::date = '2026-01-01'::date
SELECT id, age(created_at), date_part('epoch', now() - created_at)::int FROM accounts WHERE deleted_at IS NULL
SELECT date_trunc('day', created_at) AS day, count(*) FROM accounts GROUP BY date_trunc('day', created_at) ORDER BY date_trunc('day', created_at)
SELECT date_trunc('month', created_at) AS month, plan, count(*) FROM accounts GROUP BY 1, 2 ORDER BY 1
SELECT to_char(created_at, 'YYYY-MM') AS month, count(*) FROM accounts GROUP BY to_char(created_at, 'YYYY-MM') HAVING count(*) > 10
SELECT extract(year FROM created_at) AS year, count(*) FROM accounts GROUP BY extract(year FROM created_at)
SELECT extract(hour FROM created_at AT TIME ZONE 'Europe/Berlin') AS hour, count(*) FROM accounts GROUP BY hour ORDER BY hour
SELECT CASE WHEN plan = 'free' THEN 'free' ELSE 'paid' END AS kind, count(*) FROM accounts GROUP BY CASE WHEN plan = 'free' THEN 'free' ELSE 'paid' END
SELECT DISTINCT coalesce(name, 'unknown') FROM accounts ORDER BY coalesce(name, 'unknown')
SELECT DISTINCT ON (account_id) account_id, amount FROM invoices ORDER BY account_id, due DESC
SELECT sum(CASE WHEN paid_at IS NULL THEN 1 ELSE 0 END) AS open, sum(CASE WHEN paid_at IS NOT NULL THEN amount ELSE 0 END) AS paid FROM invoices
SELECT count(*) FILTER (WHERE paid_at IS NULL) AS open, sum(amount) FILTER (WHERE due < current_date - 30) AS late FROM invoices
SELECT avg(amount), percentile_cont(0.95) WITHIN GROUP (ORDER BY amount), round(stddev(amount), 2) FROM invoices WHERE due > current_date - 90
SELECT i.id, a.email FROM invoices i JOIN accounts a ON a.id = i.account_id WHERE i.paid_at IS NULL AND i.due < current_date AND a.plan <> 'free' ORDER BY i.due LIMIT 100
SELECT a.id, coalesce(sum(i.amount), 0) AS total FROM accounts a LEFT JOIN invoices i ON i.account_id = a.id AND i.paid_at >= timestamp '2026-01-01' GROUP BY a.id HAVING coalesce(sum(i.amount), 0) > 100
SELECT a.id FROM accounts a WHERE EXISTS (SELECT 1 FROM invoices i WHERE i.account_id = a.id AND i.amount > 1000.50) AND NOT EXISTS (SELECT 1 FROM events e WHERE e.account_id = a.id AND e.at > now() - interval '90 days')
SELECT d::date, coalesce(sum(i.amount), 0) FROM generate_series(date '2026-01-01', date '2026-01-31', interval '1 day') d LEFT JOIN invoices i ON i.due = d::date GROUP BY d
SELECT n, count(e.id) FROM generate_series(0, 23) n LEFT JOIN events e ON extract(hour FROM e.at) = n GROUP BY n
SELECT account_id, amount, lag(amount, 1, 0.0) OVER (PARTITION BY account_id ORDER BY due), row_number() OVER (PARTITION BY date_trunc('month', due) ORDER BY amount DESC) FROM invoices WHERE amount > 0
SELECT account_id, sum(amount) OVER (ORDER BY due ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM invoices
WITH recent AS (SELECT account_id, max(at) AS last FROM events WHERE at > now() - interval '7 days' GROUP BY account_id) SELECT a.id, r.last FROM accounts a JOIN recent r ON r.account_id = a.id WHERE a.active ORDER BY r.last DESC NULLS LAST FETCH FIRST 50 ROWS ONLY
WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 10) SELECT n FROM steps
SELECT id FROM invoices WHERE number = uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
SELECT id FROM invoices WHERE number = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AND currency = 'EUR'
SELECT id FROM invoices WHERE period @> date '2026-01-15' AND period && daterange('2026-01-01', '2026-02-01')
SELECT id FROM invoices WHERE amount * 1.19 > 100 AND attempts % 2 = 0
SELECT id, amount::text || ' ' || currency, 'invoice ' || id, lpad(id::text, 8, '0') FROM invoices
SELECT substring(name FROM 1 FOR 3), position('@' IN email), split_part(email, '@', 2), trim(BOTH ' ' FROM name), overlay(name PLACING '***' FROM 2 FOR 3) FROM accounts
SELECT greatest(attempts, 3), least(amount, 10), nullif(currency, ''), coalesce(paid_at, due + time '12:00') FROM invoices
SELECT id FROM events WHERE kind = 'login' AND address << inet '10.0.0.0/8' AND at > current_timestamp - '1 hour'::interval
SELECT id, payload ->> 'ip', payload -> 'tags' -> 0 FROM events WHERE payload ->> 'ok' = 'true' AND path[1] = 3 AND 7 = ANY (path)
SELECT kind, count(*), min(took), max(extract(epoch FROM took)) FROM events WHERE took > interval '2 seconds' GROUP BY kind ORDER BY 2 DESC
SELECT day, kind, count(*) FROM events WHERE day >= current_date - 7 GROUP BY ROLLUP (day, kind)
SELECT day - 1, day + 1, day - interval '1 week', date_trunc('week', day)::date FROM events WHERE day > date '2026-01-01'
SELECT at + 3 * interval '1 hour', at + make_interval(days => 7), at AT TIME ZONE 'UTC' FROM events
SELECT (at, day) OVERLAPS (date '2026-01-01', date '2026-02-01') FROM (SELECT day AS at, day FROM events) e
SELECT floor(random() * 100), weight / 2.0, power(weight, 2), weight::numeric(10, 2) FROM events TABLESAMPLE SYSTEM (10)
SELECT v.id, v.label FROM (VALUES (1, 'one'), (2, 'two')) AS v(id, label) JOIN jobs j ON j.priority = v.id
SELECT unnest(ARRAY['a', 'b']) AS label, unnest(ARRAY[1, 2]) AS n
SELECT array_agg(id ORDER BY id) FROM jobs WHERE queue = ANY (ARRAY['mail', 'bill']::text[])
SELECT string_agg(queue, ', ' ORDER BY queue) FROM jobs WHERE tries BETWEEN 1 AND 5
SELECT jsonb_build_object('id', id, 'kind', 'job', 'tries', tries), to_jsonb(run_at) FROM jobs WHERE args @> '{"a": [1]}'::jsonb
SELECT id FROM jobs WHERE (queue, priority) IN (('mail', 1), ('bill', 2)) AND ROW(tries, priority) >= ROW(1, 0)
SELECT id FROM jobs WHERE queue = 'mail' AND run_at <= now() AND locked_by IS NULL ORDER BY priority, run_at LIMIT 1 FOR UPDATE SKIP LOCKED
SELECT 1
SELECT 1 AS one FROM accounts WHERE email = 'ann@example.org' LIMIT 1
SELECT EXISTS (SELECT 1 FROM jobs WHERE queue = 'mail')
SELECT pg_advisory_xact_lock(42)
SELECT pg_try_advisory_lock(1, 2), hashtext('mail')
SELECT queue, CASE WHEN tries > 5 THEN 2 WHEN tries > 0 THEN 1 ELSE 0 END AS state FROM jobs ORDER BY CASE WHEN tries > 5 THEN 2 WHEN tries > 0 THEN 1 ELSE 0 END
SELECT width_bucket(amount, 0, 1000, 10), count(*) FROM invoices GROUP BY width_bucket(amount, 0, 1000, 10)
SELECT due FROM invoices WHERE due - current_date < 14 UNION SELECT date '2026-01-01' UNION ALL SELECT NULL
INSERT INTO accounts (email, name, plan, tags) VALUES ('ann@example.org', 'Ann', 'team', ARRAY['vip']) RETURNING id
INSERT INTO accounts (email, settings, created_at) VALUES ('bob@example.org', '{"beta": false}', timestamptz '2026-01-01')
INSERT INTO invoices (account_id, number, amount, due, period) SELECT id, gen_random_uuid(), 9.90, date '2026-02-01', '[2026-01-01,2026-02-01)' FROM accounts WHERE plan = 'team'
INSERT INTO invoices (account_id, number, amount, due) SELECT id, gen_random_uuid(), 19, current_date + 14 FROM accounts WHERE id = 3 ON CONFLICT (account_id, due) DO UPDATE SET amount = excluded.amount, attempts = invoices.attempts + 1
INSERT INTO events (account_id, kind, payload, took, path) SELECT 1, 'login', '{"ip": "10.0.0.1"}', interval '3 seconds', ARRAY[1, 2, 3]
INSERT INTO jobs (queue, args, run_at) VALUES ('mail', '{"to": 7}', now() + interval '5 minutes'), ('bill', '{}', now()) ON CONFLICT DO NOTHING
UPDATE accounts SET name = 'Ann B.', settings = settings || '{"locale": "de"}', tags = array_append(tags, 'eu') WHERE id = 7
UPDATE accounts SET settings = jsonb_set(settings, '{limits,seats}', '5'), tags = array_remove(tags, 'vip') WHERE id = 7
UPDATE accounts SET deleted_at = current_timestamp, active = false WHERE id = 9 AND created_at < now() - interval '2' year
UPDATE invoices SET paid_at = localtimestamp, attempts = attempts + 1 WHERE id = 11 RETURNING id, amount
UPDATE invoices SET due = due + 14, amount = round(amount * 0.9, 2) WHERE paid_at IS NULL AND due < date '2026-01-01'
UPDATE jobs SET locked_by = 'worker 1', tries = tries + 1, run_at = run_at + interval '10 seconds' * tries WHERE id = (SELECT id FROM jobs WHERE queue = 'mail' ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE invoices i SET currency = v.currency FROM (VALUES (1, 'EUR'), (2, 'CHF')) AS v(id, currency) WHERE i.id = v.id
DELETE FROM events WHERE at < now() - interval '1 year'
DELETE FROM events WHERE day < date '2025-01-01' AND kind = ANY (ARRAY['login', 'view'])
DELETE FROM jobs WHERE id = 5
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE tries > 10 LIMIT 100)
MERGE INTO jobs j USING (VALUES (1, 'mail')) AS v(id, queue) ON j.id = v.id WHEN MATCHED THEN UPDATE SET tries = 0 WHEN NOT MATCHED THEN INSERT (queue, priority) VALUES ('mail', 3)
