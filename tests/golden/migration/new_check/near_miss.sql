-- schema: CREATE TABLE orders (id bigint NOT NULL, total int CONSTRAINT positive CHECK (total > 0));
CREATE TABLE invoices (id bigint);
ALTER TABLE invoices ADD CHECK (id > 0);
-- Old code leaves these NULL, which satisfies each part.
ALTER TABLE orders ADD COLUMN note text, ADD COLUMN kind int;
ALTER TABLE orders ADD CONSTRAINT note CHECK (length(note) < 80 AND (kind BETWEEN 1 AND 3 OR total = 1)) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT kind CHECK (kind IS NULL OR note IS NOT NULL) NOT VALID;
-- It has obeyed these.
ALTER TABLE orders ADD CONSTRAINT id CHECK (id IS NOT NULL) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT again CHECK (total > 0) NOT VALID;
