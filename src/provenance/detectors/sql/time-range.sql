-- The first and the last time.
SELECT min(seconds_of(time)) AS earliest, max(seconds_of(time)) AS latest, count(time) AS timed FROM samples
