-- Rows in which the event is later than the time that the row is about. `feature` is the column that is looked at.
SELECT f.row_number AS row_number, seconds_of(f.value) - seconds_of(s.time) AS seconds
FROM feature AS f
JOIN samples AS s ON s.row_number = f.row_number
WHERE f.value > s.time
ORDER BY seconds DESC, f.row_number
LIMIT 1000000
