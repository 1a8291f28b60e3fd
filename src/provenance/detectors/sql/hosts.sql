-- Rows of each host.
SELECT host_of(url) AS host, count(*) AS seen, min(row_number) AS first_row, count(hash) AS hashed
FROM samples
WHERE url IS NOT NULL
GROUP BY host_of(url)
ORDER BY seen DESC, host
LIMIT 100000
