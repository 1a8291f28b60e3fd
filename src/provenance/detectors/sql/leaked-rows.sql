-- Of each split, the rows whose content is in another split, too.
SELECT s.split AS split, count(*) AS seen, min(s.row_number) AS first_row
FROM samples AS s
JOIN (
  SELECT content
  FROM samples
  WHERE content IS NOT NULL
  GROUP BY content
  HAVING min(split) <> max(split)
) AS shared ON s.content = shared.content
GROUP BY s.split
ORDER BY s.split
