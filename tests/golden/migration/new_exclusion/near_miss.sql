CREATE TABLE bookings (room int, during tstzrange, EXCLUDE USING gist (during WITH &&));
ALTER TABLE bookings ADD CONSTRAINT once EXCLUDE USING gist (room WITH =, during WITH &&);
