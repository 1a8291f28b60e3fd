-- Rows whose content has several labels, the largest groups first.
SELECT count(*) AS seen, count(DISTINCT coalesce(label, '')) AS labels, min(row_number) AS first_row, max(row_number) AS last_row
FROM samples
WHERE content IS NOT NULL
GROUP BY content
HAVING count(*) > 1 AND min(coalesce(label, '')) <> max(coalesce(label, ''))
ORDER BY seen DESC, first_row
LIMIT 1000000
