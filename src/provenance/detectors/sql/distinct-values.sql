-- How many different values there are.
SELECT count(DISTINCT value) AS different FROM feature
