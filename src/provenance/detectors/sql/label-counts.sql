-- Rows of each label.
SELECT coalesce(label, '') AS label, count(*) AS seen
FROM samples
GROUP BY label
ORDER BY seen DESC, label
LIMIT 10001
