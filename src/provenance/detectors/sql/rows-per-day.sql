-- Rows of each day before the snapshot; day 0 is the last.
SELECT day, count(*) AS seen, min(row_number) AS first_row
FROM (
  SELECT CAST(floor((:snapshot - seconds_of(time)) / 86400) AS BIGINT) AS day, row_number
  FROM samples
  WHERE time IS NOT NULL
) AS aged
GROUP BY day
ORDER BY day
LIMIT 100000
