-- Each source: its rows, when it came first, and its most frequent label's share.
WITH cells AS (
  SELECT source, coalesce(label, '') AS label, count(*) AS seen, min(row_number) AS first_row, min(seconds_of(time)) AS since
  FROM samples
  WHERE source IS NOT NULL
  GROUP BY source, label
)
SELECT source, sum(seen) AS seen, max(seen) AS of_one_label, min(first_row) AS first_row, min(since) AS since
FROM cells
GROUP BY source
ORDER BY seen DESC, source
LIMIT 100000
