-- materialized: table
-- Bird strikes by airport and damage, and what they cost (US dollars).
SELECT
  "Airport Name" AS airport,
  coalesce("Effect Amount of damage", 'unknown') AS damage,
  count(*) AS strikes,
  CAST(coalesce(sum("Cost Total $"), 0) AS BIGINT) AS total_cost
FROM birdstrikes
GROUP BY ALL
ORDER BY total_cost DESC, airport, damage
