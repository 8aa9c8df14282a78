SELECT made.flights, source.flights AS expected
FROM (SELECT sum(flights) AS flights, sum(total_delay) AS delay FROM delays_by_route_day) AS made
CROSS JOIN (SELECT count(*) AS flights, sum(delay) AS delay FROM flights) AS source
WHERE made.flights IS DISTINCT FROM source.flights OR made.delay IS DISTINCT FROM source.delay
