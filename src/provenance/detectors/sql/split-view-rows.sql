-- The rows whose content is another than the list says.
SELECT row_number, substr(coalesce(url, ''), 1, 200) AS url
FROM samples
WHERE lower(hash) <> lower(downloaded_hash)
ORDER BY row_number
LIMIT 200
