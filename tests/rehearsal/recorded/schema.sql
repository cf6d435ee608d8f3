-- What the statements of statements.sql run on: a subscription shop.
CREATE TYPE plan AS ENUM ('free', 'team', 'firm');
CREATE TABLE accounts (id bigserial PRIMARY KEY, email text NOT NULL, name text, plan plan NOT NULL DEFAULT 'free', settings jsonb NOT NULL DEFAULT '{}', tags text[] NOT NULL DEFAULT '{}', active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz, search tsvector);
CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));
CREATE TABLE invoices (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, number uuid NOT NULL UNIQUE, amount numeric(12, 2) NOT NULL, currency char(3) NOT NULL DEFAULT 'EUR', due date NOT NULL, paid_at timestamp, period daterange, attempts smallint NOT NULL DEFAULT 0, UNIQUE (account_id, due));
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account_id bigint, kind text NOT NULL, payload json, weight double precision, day date NOT NULL DEFAULT current_date, at timestamptz NOT NULL DEFAULT now(), took interval, address inet, path int[]);
CREATE TABLE jobs (id bigserial PRIMARY KEY, queue text NOT NULL, args jsonb, run_at timestamptz NOT NULL DEFAULT now(), locked_by text, tries int NOT NULL DEFAULT 0, priority int NOT NULL DEFAULT 0);
