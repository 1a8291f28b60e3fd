-- How often each source gives each label, beside what it would be if sources gave labels alike.
WITH cells AS (
  SELECT source, coalesce(label, '') AS label, count(*) AS seen, min(row_number) AS first_row
  FROM samples
  WHERE source IS NOT NULL
  GROUP BY source, label
),
totals AS (
  SELECT
    source, label, seen, first_row,
    sum(seen) OVER (PARTITION BY source) AS of_source,
    sum(seen) OVER (PARTITION BY label) AS of_label,
    sum(seen) OVER () AS of_all,
    count(*) OVER () AS cells
  FROM cells
)
SELECT source, label, seen, first_row, of_source, of_label, of_all, cells
FROM totals
WHERE seen >= 5 AND seen > 1e0 * of_source * of_label / of_all
ORDER BY (seen - 1e0 * of_source * of_label / of_all) / sqrt(1e0 * of_source * of_label / of_all) DESC, source, label
LIMIT 1000
