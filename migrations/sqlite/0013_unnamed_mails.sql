-- The text of a mail that names users without their names, sealed: what is kept of it once one of them is erased.
ALTER TABLE outbox ADD COLUMN unnamed TEXT;
