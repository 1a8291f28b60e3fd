-- Values between the edges of a profile; bin -1 is of rows without a value.
SELECT bin, count(*) AS seen
FROM (
  SELECT
    CASE
      WHEN value IS NULL THEN -1
      WHEN value <= :e_a THEN 0
      WHEN value <= :e_b THEN 1
      WHEN value <= :e_c THEN 2
      WHEN value <= :e_d THEN 3
      WHEN value <= :e_e THEN 4
      WHEN value <= :e_f THEN 5
      WHEN value <= :e_g THEN 6
      WHEN value <= :e_h THEN 7
      WHEN value <= :e_i THEN 8
      ELSE 9
    END AS bin
  FROM feature
) AS binned
GROUP BY bin
ORDER BY bin
