ALTER TABLE bookings ADD CONSTRAINT once EXCLUDE USING gist (room WITH =, during WITH &&);
ALTER TABLE bookings ADD COLUMN desk int;
ALTER TABLE bookings ADD EXCLUDE USING gist (desk WITH =, during WITH &&);
