INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING;
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_email DO NOTHING;
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email, id) DO NOTHING;
INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;
