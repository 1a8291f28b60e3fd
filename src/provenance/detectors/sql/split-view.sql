-- Rows whose downloaded content does not have the hash that the list gives, and rows without one of both.
SELECT
  count(*) AS total,
  sum(CASE WHEN hash IS NULL THEN 1 ELSE 0 END) AS unlisted,
  sum(CASE WHEN hash IS NOT NULL AND downloaded_hash IS NULL THEN 1 ELSE 0 END) AS missing,
  sum(CASE WHEN lower(hash) <> lower(downloaded_hash) THEN 1 ELSE 0 END) AS others
FROM samples
