-- Edges of ten bins with as many values each. `feature` is the column that is looked at.
SELECT
  percentile_disc(0.1) WITHIN GROUP (ORDER BY value) AS e1,
  percentile_disc(0.2) WITHIN GROUP (ORDER BY value) AS e2,
  percentile_disc(0.3) WITHIN GROUP (ORDER BY value) AS e3,
  percentile_disc(0.4) WITHIN GROUP (ORDER BY value) AS e4,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY value) AS e5,
  percentile_disc(0.6) WITHIN GROUP (ORDER BY value) AS e6,
  percentile_disc(0.7) WITHIN GROUP (ORDER BY value) AS e7,
  percentile_disc(0.8) WITHIN GROUP (ORDER BY value) AS e8,
  percentile_disc(0.9) WITHIN GROUP (ORDER BY value) AS e9
FROM feature
WHERE value IS NOT NULL
