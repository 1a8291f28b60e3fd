-- Eight bands of four numbers: texts that share a band are alike with a probability that rises at a Jaccard similarity of about 0.6.
CREATE TABLE bands AS
SELECT row_number, 0 AS band, band_of(signature, 0) AS bucket FROM signatures
UNION ALL SELECT row_number, 1, band_of(signature, 1) FROM signatures
UNION ALL SELECT row_number, 2, band_of(signature, 2) FROM signatures
UNION ALL SELECT row_number, 3, band_of(signature, 3) FROM signatures
UNION ALL SELECT row_number, 4, band_of(signature, 4) FROM signatures
UNION ALL SELECT row_number, 5, band_of(signature, 5) FROM signatures
UNION ALL SELECT row_number, 6, band_of(signature, 6) FROM signatures
UNION ALL SELECT row_number, 7, band_of(signature, 7) FROM signatures
