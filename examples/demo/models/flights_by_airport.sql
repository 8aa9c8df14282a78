-- materialized: table
-- Flights and their delays (minutes) by the airport they left from. An airport that airports.csv does not know keeps its
-- row, without a name.
SELECT
  f.origin AS iata,
  a.name,
  a.city,
  a.state,
  f.flights,
  f.delayed,
  f.total_delay,
  round(f.total_delay / f.flights, 2) AS mean_delay,
  f.longest_delay
FROM (
  SELECT
    origin,
    count(*) AS flights,
    count(*) FILTER (WHERE delay > 15) AS delayed,
    CAST(sum(delay) AS BIGINT) AS total_delay,
    max(delay) AS longest_delay
  FROM flights
  GROUP BY origin
) AS f
LEFT JOIN airports AS a ON a.iata = f.origin
ORDER BY f.flights DESC, f.origin
