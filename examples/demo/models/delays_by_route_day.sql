-- materialized: table
-- partitionBy: day
-- Flights and their delays (minutes) by route and day. total_delay is there so that means over many days can be exact.
SELECT
  day,
  origin,
  destination,
  count(*) AS flights,
  CAST(sum(delay) AS BIGINT) AS total_delay,
  round(sum(delay) / count(*), 2) AS mean_delay,
  quantile_disc(delay, 0.95) AS p95_delay
FROM flights
GROUP BY day, origin, destination
ORDER BY day, origin, destination
