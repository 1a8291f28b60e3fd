-- The ids of some rows: `wanted` holds their numbers.
SELECT s.row_number AS row_number, substr(s.id, 1, 200) AS id
FROM samples AS s
JOIN wanted AS w ON w.row_number = s.row_number
WHERE s.id IS NOT NULL
