ALTER TYPE item ADD ATTRIBUTE price int;
ALTER TYPE shop.item RENAME ATTRIBUTE price TO cents;
