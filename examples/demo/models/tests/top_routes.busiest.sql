-- No route outside of the hundred has more flights than one of them.
SELECT other.origin, other.destination, other.flights
FROM (
  SELECT origin, destination, sum(flights) AS flights
  FROM delays_by_route_day
  GROUP BY origin, destination
) AS other
ANTI JOIN top_routes USING (origin, destination)
WHERE other.flights > (SELECT min(flights) FROM top_routes)
