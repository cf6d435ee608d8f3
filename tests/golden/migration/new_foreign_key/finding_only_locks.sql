-- schema: CREATE TABLE orders (user_id bigint REFERENCES public.users);
-- Nobody is bound: old code leaves NULL, or has obeyed it before. The rows are looked up all the same.
ALTER TABLE orders ADD COLUMN place_id int;
ALTER TABLE orders ADD FOREIGN KEY (place_id) REFERENCES places;
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL;
