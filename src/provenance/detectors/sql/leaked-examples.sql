-- Content that is in several splits: where it is first and last.
SELECT count(*) AS seen, min(row_number) AS first_row, max(row_number) AS last_row, min(split) AS one, max(split) AS other
FROM samples
WHERE content IS NOT NULL
GROUP BY content
HAVING min(split) <> max(split)
ORDER BY seen DESC, first_row
LIMIT 200
