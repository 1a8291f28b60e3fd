-- Hours in which a source gives more rows than its share of all rows of the hour.
WITH timed AS (
  SELECT source, CAST(floor(seconds_of(time) / 3600) AS BIGINT) AS hour, row_number
  FROM samples
  WHERE source IS NOT NULL AND time IS NOT NULL
),
cells AS (
  SELECT source, hour, count(*) AS seen, min(row_number) AS first_row
  FROM timed
  GROUP BY source, hour
),
totals AS (
  SELECT
    source, hour, seen, first_row,
    sum(seen) OVER (PARTITION BY source) AS of_source,
    sum(seen) OVER (PARTITION BY hour) AS of_hour,
    sum(seen) OVER () AS of_all,
    count(*) OVER () AS cells
  FROM cells
)
SELECT source, hour, seen, first_row, of_source, of_hour, of_all, cells
FROM totals
WHERE seen >= 10 AND seen > 2e0 * of_source * of_hour / of_all
ORDER BY seen DESC, source, hour
LIMIT 1000
