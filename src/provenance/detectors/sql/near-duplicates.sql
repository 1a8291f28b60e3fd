-- Rows of `near` (row_number, kind) that are nearly the same as a row of another kind: they share a band with the first row of another kind in
-- its bucket, and at least 26 of 32 numbers of the signature (a similarity of about 0.8). Linear: no pair of rows is made but with these.
WITH placed AS (
  SELECT b.band AS band, b.bucket AS bucket, n.row_number AS row_number, n.kind AS kind
  FROM bands AS b
  JOIN near AS n ON n.row_number = b.row_number
),
firsts AS (
  SELECT band, bucket, kind, min(row_number) AS row_number
  FROM placed
  GROUP BY band, bucket, kind
),
ranked AS (
  SELECT band, bucket, kind, row_number, row_number() OVER (PARTITION BY band, bucket ORDER BY row_number) AS place
  FROM firsts
),
pairs AS (
  SELECT DISTINCT p.row_number AS row_number, r.row_number AS other_row
  FROM placed AS p
  JOIN ranked AS r ON r.band = p.band AND r.bucket = p.bucket AND r.place <= 2 AND r.kind <> p.kind
),
alike AS (
  SELECT pairs.row_number AS row_number, pairs.other_row AS other_row, alike_of(a.signature, b.signature) AS same
  FROM pairs
  JOIN signatures AS a ON a.row_number = pairs.row_number
  JOIN signatures AS b ON b.row_number = pairs.other_row
  WHERE a.content <> b.content
)
SELECT row_number, min(other_row) AS other_row, max(same) AS same
FROM alike
WHERE same >= 26
GROUP BY row_number
ORDER BY row_number
