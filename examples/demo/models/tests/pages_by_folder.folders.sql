-- A page whose folder was not found would be in the folder ''.
SELECT folder FROM pages_by_folder WHERE folder NOT LIKE '/%' OR pages < 1
