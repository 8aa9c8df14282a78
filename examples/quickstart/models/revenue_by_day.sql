-- materialized: table
SELECT
  CAST(ordered_at AS DATE) AS day,
  count(*) AS orders,
  round(sum(quantity * price), 2) AS revenue
FROM orders
GROUP BY day
ORDER BY day
