-- The most frequent values.
SELECT substr(coalesce(value, ''), 1, 64) AS value, count(*) AS seen
FROM feature
GROUP BY substr(coalesce(value, ''), 1, 64)
ORDER BY seen DESC, value
LIMIT 1000
