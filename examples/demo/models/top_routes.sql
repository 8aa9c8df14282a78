-- materialized: table
-- The hundred busiest routes, from another model: onpoint runs models in the order that their SQL asks for.
SELECT
  origin,
  destination,
  CAST(sum(flights) AS BIGINT) AS flights,
  count(*) AS days,
  round(sum(total_delay) / sum(flights), 2) AS mean_delay
FROM delays_by_route_day
GROUP BY origin, destination
ORDER BY flights DESC, origin, destination
LIMIT 100
