-- The zone that an account reads times in, by its IANA name; NULL for whatever the browser says.
ALTER TABLE accounts ADD COLUMN time_zone TEXT;
