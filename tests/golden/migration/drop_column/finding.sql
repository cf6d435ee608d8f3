-- The running version still reads the note.
ALTER TABLE orders
  DROP COLUMN note;
