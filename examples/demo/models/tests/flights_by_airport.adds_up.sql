-- Every flight is counted once, also those from an airport that airports.csv does not know.
SELECT made.flights, source.flights AS expected
FROM (SELECT sum(flights) AS flights, sum(total_delay) AS delay FROM flights_by_airport) AS made
CROSS JOIN (SELECT count(*) AS flights, sum(delay) AS delay FROM flights) AS source
WHERE made.flights IS DISTINCT FROM source.flights OR made.delay IS DISTINCT FROM source.delay
